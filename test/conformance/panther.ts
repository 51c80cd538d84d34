/** Audit events of some sixty products: none may crash the reading, be dropped, or lose a field. */
import { isDeepStrictEqual } from "node:util";
import { canonicalAddress } from "../../src/address.ts";
import { builtinRules } from "../../src/detect/builtin.ts";
import { formats } from "../../src/ingest/formats/formats.ts";
import { parseTime } from "../../src/ingest/time.ts";
import { type CorpusResult, readRows, tally, type Verdict } from "./corpus.ts";
import { type Engine, localEngine, type SentEvent } from "./engine.ts";

interface Row {
  id: string;
  ruleId: string;
  logType: string;
  expect: boolean;
  event: Record<string, unknown>;
}

export async function runPanther(directory: string, engine: Engine): Promise<CorpusResult[]> {
  const rows = await readRows<Row>(directory, "panther/panther_tests.jsonl");
  if (rows.length === 0) return [];
  const whole = await engine.store(rows.map(wrapped));
  const kept = rows.map((row, n) => [row.id, judgeWhole(row, whole[n])] as const);
  const ids = new Set<unknown>();
  const named = rows.filter(({ event }) => {
    if (typeof event.action !== "string" && !("@timestamp" in event)) return false;
    const again = event.id !== undefined && ids.has(event.id); // the same id again is a duplicate, which is not kept
    ids.add(event.id);
    return !again;
  });
  const bare = await engine.store(named.map(({ event }) => event));
  const read = named.map((row, n) => [row.id, judgeBare(row, bare[n])] as const);
  return [
    tally("SaaS events as attributes", true, kept),
    tally("SaaS events that name an action, as they are", true, read),
    tally("CloudTrail's and Okta's events by their formats", true, readByFormats(rows)),
    await meanings(rows),
  ];
}

/** How a product's own event is sent: under `attributes`, with the product as its source. */
function wrapped({ logType, event }: Row): SentEvent {
  return { action: "audit", logsource: { product: logType }, attributes: event };
}

function judgeWhole({ event }: Row, stored: SentEvent | undefined): Verdict {
  if (stored === undefined) return { failed: "was rejected" };
  return isDeepStrictEqual(stored.attributes, event) ? undefined : { failed: "its attributes are not what was sent" };
}

const formatOf: Readonly<Record<string, string>> = { "AWS.CloudTrail": "cloudtrail", "Okta.SystemLog": "okta" };

/** What `vigil import` makes of a product's own documents: each an event, its attributes the whole document. */
function readByFormats(rows: readonly Row[]): [string, Verdict][] {
  return rows.flatMap(({ id, logType, event }) => {
    const format = formats.get(formatOf[logType] ?? "");
    if (!format) return [];
    const read = format.parser({ now: Date.now() })(JSON.stringify(event), 1);
    const [stored] = "events" in read ? read.events : [];
    if (!stored) return [[id, { failed: "was rejected" }] as [string, Verdict]];
    const isWhole = isDeepStrictEqual(stored.attributes, event);
    return [[id, isWhole ? undefined : { failed: "its attributes are not what was sent" }] as [string, Verdict]];
  });
}

/** Sent bare, a product's word may stand where Vigil has another meaning for it; then the event is refused with a reason. */
function judgeBare({ event }: Row, stored: SentEvent | undefined): Verdict {
  if (stored === undefined)
    return { unsupported: "a field of ours with another meaning: refused, and the reason told" };
  const values = new Set(leavesOf(stored).map(textOf));
  const lost = leavesOf(event).find((leaf) => leaf !== "" && !values.has(textOf(leaf)));
  return lost === undefined ? undefined : { failed: `lost ${JSON.stringify(lost).slice(0, 60)}` };
}

function leavesOf(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  return typeof value === "object" ? Object.values(value).flatMap(leavesOf) : [value];
}

/** A value as it may be stored: a time in milliseconds, an address in its one form, an enum in capitals. */
function textOf(leaf: unknown): string {
  const text = String(leaf);
  const time = /^\d{4}-\d\d-\d\d[T ]/.test(text) ? parseTime(text) : undefined;
  return String(time ?? canonicalAddress(text) ?? text).toLowerCase();
}

/** The rules whose rows say what an event means, and the technique that a rule of ours for it is tagged with. */
const topics: Record<string, string> = {
  "Standard.BruteForceByIP": "attack.t1110",
  "Standard.BruteForceByUser": "attack.t1110",
  "Standard.MFADisabled": "attack.t1556.006",
  "Standard.AdminRoleAssigned": "attack.t1098",
};

/** Whether the built-in rules see in a product's own words what the row's rule sees. Told, not demanded. */
async function meanings(rows: readonly Row[]): Promise<CorpusResult> {
  const asked = rows.filter(({ ruleId }) => ruleId in topics);
  const verdicts: [string, Verdict][] = [];
  for (const row of asked) {
    const rules = builtinRules().filter(({ document }) =>
      document.tags.some((tag) => tag.startsWith(topics[row.ruleId] ?? "")),
    );
    const documents = rules.filter(({ document }) => document.kind === "DETECTION").map(({ yaml }) => yaml);
    const sent = [row.event, wrapped(row)];
    const [result] = await localEngine.run([{ yaml: documents.join("\n---\n"), batches: [sent] }]);
    const found = result && "opened" in result && result.opened.flat().length > 0;
    verdicts.push([row.id, found === row.expect ? undefined : { failed: row.expect ? "not seen" : "seen" }]);
  }
  const result = tally("SaaS events' meaning by the built-in rules", false, verdicts);
  return { ...result, failures: [] };
}
