/** Attack requests by class, and benign ones, through the built-in rules. */
import { builtinRules } from "../../src/detect/builtin.ts";
import { type CorpusResult, readRows } from "./corpus.ts";
import type { Engine, SentEvent } from "./engine.ts";

interface Row {
  id: string;
  class: string;
  method: string;
  uri: string;
  headers: Record<string, string>;
  body: string | null;
  expect: "attack" | "benign" | "not-this-rule";
  paranoiaLevel?: number;
}

/** Requests that these classes hold are judged; higher levels ask for suspicion of ordinary text. */
const highestLevel = 1;

const leastRecall = 0.85;

export async function runWebAttacks(directory: string, engine: Engine): Promise<CorpusResult[]> {
  const rows = await readRows<Row>(directory, "webattack/http_requests.jsonl");
  const asked = rows.filter(
    ({ expect, paranoiaLevel = highestLevel }) =>
      expect === "benign" || (expect === "attack" && (paranoiaLevel ?? highestLevel) <= highestLevel),
  );
  if (asked.length === 0) return [];
  const found = await firedBy(asked, engine);
  const attacks = asked.filter(({ expect }) => expect === "attack");
  const benign = asked.filter(({ expect }) => expect === "benign");
  const alarms = benign.filter((row) => found.has(row.id));
  const caught = attacks.filter((row) => found.has(row.id)).length;
  return [
    {
      corpus: "benign web requests",
      passed: benign.length - alarms.length,
      failed: alarms.length,
      unsupported: 0,
      required: true,
      failures: alarms.map((row) => `${row.id}: ${found.get(row.id)?.join(", ")}`),
    },
    {
      corpus: "web attacks, recall",
      passed: caught,
      failed: attacks.length - caught,
      unsupported: 0,
      required: true,
      atLeast: leastRecall,
      failures: [],
      notes: recallByClass(attacks, found),
    },
  ];
}

function recallByClass(attacks: readonly Row[], found: ReadonlyMap<string, string[]>): string[] {
  return [...new Set(attacks.map((row) => row.class))].sort().map((name) => {
    const rows = attacks.filter((row) => row.class === name);
    const caught = rows.filter((row) => found.has(row.id)).length;
    return `${name}: ${caught} of ${rows.length} (${Math.round((100 * caught) / rows.length)} %)`;
  });
}

/** Each request has an address of its own, by which its detections are told apart. */
async function firedBy(rows: readonly Row[], engine: Engine): Promise<Map<string, string[]>> {
  const yaml = builtinRules()
    .map((rule) => rule.yaml)
    .join("\n---\n");
  const [result] = await engine.run([{ yaml, batches: [rows.map((row, n) => requestEvent(row, addressOf(n)))] }]);
  if (result === undefined || "refused" in result) throw new Error(`the built-in rules: ${result?.refused}`);
  const fired = new Map<string, string[]>();
  for (const { rule, subjects } of result.opened.flat())
    for (const [n, row] of rows.entries())
      if (subjects.some(({ kind, key }) => kind === "ADDRESS" && key === addressOf(n)))
        fired.set(row.id, [...(fired.get(row.id) ?? []), rule]);
  return fired;
}

function addressOf(n: number): string {
  return `198.18.${n >> 8}.${n & 255}`;
}

/** As the middleware of an application reports a request: what has a place of its own there, the rest as attributes. */
export function requestEvent(
  { method, uri, headers, body }: Pick<Row, "method" | "uri" | "headers" | "body">,
  ip: string,
): SentEvent {
  const header = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const mark = uri.indexOf("?");
  const http: Record<string, unknown> = {
    method,
    path: mark < 0 ? uri : uri.slice(0, mark),
    query: mark < 0 ? undefined : uri.slice(mark + 1),
    host: header.get("host"),
    referrer: header.get("referer"),
    status: 200,
  };
  return {
    action: "http.request",
    category: "web",
    logsource: { category: "webserver" },
    outcome: "success",
    source: { ip },
    userAgent: header.get("user-agent"),
    http,
    attributes: {
      "http.request.headers": Object.fromEntries(header),
      ...(body === null ? {} : { "http.request.body.content": body }),
    },
  };
}
