/** `vigil rules backfill`: rules over history that they have not seen, until the end of it. */
import { InvalidArgumentError } from "commander";
import { cliSubject } from "../access/viewer.ts";
import type { App } from "../app.ts";
import type { GapFilled } from "../detect/gap.ts";

export interface BackfillOptions {
  /** Epoch ms. */
  since: number;
  until: number;
  rule?: string;
  after?: string;
  dryRun: boolean;
}

/** An ISO 8601 time as epoch ms. */
export function moment(text: string): number {
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new InvalidArgumentError("Give a time like 2026-11-20T08:00:00Z.");
  return at;
}

/** Tells each detection that was missing, how far it is after each half minute, and the sums at the end. */
export async function backfill(
  app: Pick<App, "db" | "backfill">,
  organizationId: string,
  { since, until, rule, after, dryRun }: BackfillOptions,
  tell: (line: string) => void,
): Promise<void> {
  if (until <= since) throw new Error("--until must be later than --since.");
  const ruleId = rule === undefined ? undefined : await ruleCalled(app, organizationId, rule);
  const sum = { events: 0, stored: 0, grown: 0, known: 0, incidents: 0 };
  let cursor = after;
  for (let filled: GapFilled | undefined; !filled?.done; cursor = filled.cursor) {
    const request = { organizationId, actor: cliSubject, ruleId, from: since, to: until, after: cursor, dryRun };
    const before = cursor;
    filled = await app.backfill(request);
    sum.events += filled.eventsRead;
    sum.stored += filled.missing.length;
    sum.grown += filled.grown;
    sum.known += filled.known;
    sum.incidents += filled.incidentsOpened;
    for (const { firstEventAt, explanation } of filled.missing)
      tell(`${new Date(firstEventAt).toISOString()} ${explanation}`);
    if (!filled.done) tell(`${sum.events} events so far; to go on from here: --after ${filled.cursor}`);
    if (!filled.done && filled.cursor === before)
      throw new Error("Half a minute was too little for the history before --since that fills the windows.");
  }
  tell(
    `${sum.events} events: ${sum.stored} detections ${dryRun ? "would be stored" : "stored"}, ${sum.grown} grown, ${sum.known} known before, ${sum.incidents} incidents opened`,
  );
}

async function ruleCalled(app: Pick<App, "db">, organizationId: string, name: string): Promise<string> {
  const { rows } = await app.db.query<{ id: string }>(
    organizationId,
    "SELECT id FROM alert_rules WHERE organization_id = $1 AND $2 IN (name, reference, sigma_id, id::text)",
    [organizationId, name],
  );
  const [only] = rows;
  if (!only || rows.length > 1)
    throw new Error(only ? `Several rules are called "${name}".` : `There is no rule "${name}".`);
  return only.id;
}
