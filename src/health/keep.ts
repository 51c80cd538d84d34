/**
 * Keeps one incident open for each thing that is wrong with Vigil itself, and closes it when the cause is gone. Alerts of
 * these incidents are no cause themselves, a cause that comes and goes is told once in a quarter of an hour, and no more
 * than so many are opened in an hour: what is wrong with telling is not told without end.
 */
import type { Tx } from "../db.ts";
import { resolveIncident } from "../incident/change.ts";
import { reportIncident } from "../incident/report.ts";
import { notify } from "../publish/notify.ts";
import type { WordsVault } from "../secrets/words.ts";
import { type Ailment, ailmentsOf } from "./ailments.ts";
import { readSigns } from "./signs.ts";

const prefix = "vigil:health:";
const mostAnHour = 10; // incidents opened
const rest = 900_000; // 15 minutes after Vigil closed one before its cause is told again
const dismissed = 86_400_000; // 1 day after a person did

interface Known {
  id: string;
  fingerprint: string;
  isOpen: boolean;
  openedAt: Date;
  resolvedAt: Date | null;
  resolvedBy: string | null;
}

/** Which ailments are to be told, and which incidents are over. Decides only. */
export function judgeHealth(
  ailments: readonly Ailment[],
  known: readonly Known[],
  now: number,
): { open: Ailment[]; over: Known[] } {
  const since = (at: Date | null): number => (at === null ? Number.POSITIVE_INFINITY : now - at.getTime());
  const room = mostAnHour - known.filter(({ openedAt }) => since(openedAt) < 3_600_000).length;
  const open = ailments.filter(({ cause }) => {
    const same = known.filter(({ fingerprint }) => fingerprint === prefix + cause);
    return same.every(
      ({ isOpen, resolvedAt, resolvedBy }) =>
        !isOpen && since(resolvedAt) >= (resolvedBy === "vigil" ? rest : dismissed),
    );
  });
  const over = known.filter(
    ({ isOpen, fingerprint }) => isOpen && !ailments.some(({ cause }) => fingerprint === prefix + cause),
  );
  return { open: open.slice(0, Math.max(0, room)), over };
}

/** One look, in one transaction of the organization; answers how many incidents it opened and closed. */
export async function keepHealth(tx: Tx, vault: WordsVault, now: number): Promise<{ opened: number; closed: number }> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.health:' || $1, 0))", [tx.organizationId]);
  const { rows: known } = await tx.query<Known>(
    `SELECT id, fingerprint, open_fingerprint IS NOT NULL AS "isOpen", opened_at AS "openedAt", resolved_at AS "resolvedAt",
       resolved_by AS "resolvedBy" FROM security_incidents
     WHERE organization_id = $1 AND fingerprint LIKE '${prefix}%'
       AND (open_fingerprint IS NOT NULL OR opened_at > $2 OR resolved_at > $2) ORDER BY fingerprint`,
    [tx.organizationId, new Date(now - dismissed)],
  );
  const { open, over } = judgeHealth(ailmentsOf(await readSigns(tx, now), now), known, now);
  const reason = "The cause is gone.";
  for (const { id } of over)
    await resolveIncident(tx, vault, { id, actor: "vigil", resolution: "TRUE_POSITIVE", reason, now });
  for (const { cause, severity, title, message } of open) {
    const { id } = await reportIncident(tx, {
      title,
      severity,
      fingerprint: prefix + cause,
      threatScore: 0,
      subjects: [],
      tags: ["vigil.health"],
      message,
      actor: "vigil",
      now,
    });
    // Where no channel works, this is seen all the same.
    const notice = {
      cause: `health ${id}`,
      kind: "vigil.health" as const,
      to: { roles: ["ADMIN"] },
      priority: severity === "CRITICAL" ? ("CRITICAL" as const) : ("HIGH" as const),
      title: "Vigil itself is not well: incident #?",
      body: `${title}. ${message}`,
      incidentId: id,
    };
    await notify(tx, [notice], now);
  }
  return { opened: open.length, closed: over.length };
}
