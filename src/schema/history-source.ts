import { audit } from "../access/audit.ts";
import { may } from "../access/permissions.ts";
import type { Backtest, BacktestRequest } from "../detect/backtest.ts";
import { runBacktest } from "../detect/backtest.ts";
import { inTurn } from "../detect/backtest-turn.ts";
import { VigilError } from "../errors.ts";
import { pseudonymBy } from "../secrets/pseudonym.ts";
import { indexedColumns } from "../secrets/sealed-columns.ts";
import { auditActorOf, type Context, viewerOf } from "./context.ts";
import { mayReadPatients } from "./phi.ts";
import { checkRange, type RangeInput } from "./range.ts";

const budgetMs = 30_000; // 30 seconds: then the answer says how far it came

/** Runs rules over the stored events as whoever asks may read them, and notes in the audit log that they were read. */
export async function overHistory(
  context: Context,
  {
    action,
    ruleId,
    variants,
    placeholders,
    timeZone,
    range,
    after,
  }: {
    action: string;
    ruleId: string | undefined;
    variants: BacktestRequest["variants"];
    placeholders: BacktestRequest["placeholders"];
    timeZone: string;
    range: typeof RangeInput.$inferInput;
    after?: string | undefined;
  },
): Promise<Backtest & { isWithheld: boolean }> {
  const viewer = viewerOf(context);
  if (!may(viewer, "rule.read")) throw new VigilError("FORBIDDEN", `The role ${viewer.role} may not read rules`);
  checkRange(range);
  if (after !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(after))
    throw new VigilError("BAD_USER_INPUT", "This is no cursor of a preview", { path: ["input", "after"] });
  const { organizationId } = viewer;
  const { db, vault, openSealed } = context.services;
  const opens = await mayReadPatients(context);
  const indexOf = opens
    ? await db.inOrganization(organizationId, (tx) => vault.indexer(tx, indexedColumns.subject))
    : undefined;
  const backtest = await inTurn(organizationId, () =>
    runBacktest({
      variants,
      placeholders,
      timeZone,
      from: range.from.getTime(),
      to: range.to.getTime(),
      after,
      source: {
        organizationId,
        query: (text, values) => db.query(organizationId, text, values),
        open: opens ? (rows) => openSealed(organizationId, "event", rows) : undefined,
      },
      pseudonym: indexOf ? pseudonymBy(indexOf) : () => "sealed",
      clock: () => performance.now(),
      budgetMs,
    }),
  );
  const { read, opened, patients, detections } = backtest;
  for (const patient of patients) context.patients?.add(patient);
  const record = { actor: auditActorOf(context), action, entityKind: "AlertRule", entityId: ruleId ?? "" };
  const detail = {
    from: range.from.toISOString(),
    to: range.to.toISOString(),
    events: read,
    sealedOpened: opened,
    detections: detections[0]?.length ?? 0,
  };
  await db.inOrganization(organizationId, (tx) => audit(tx, { ...record, detail }));
  return { ...backtest, isWithheld: !opens };
}
