/** The engine behind a running server, through the operations that its users send. */
import type { Rejection } from "../../src/ingest/event.ts";
import { type Api, connect } from "./api.ts";
import type { Detected, Engine, SentEvent, Trial, TrialResult } from "./engine.ts";
import { caseField, markRules } from "./mark.ts";

const yamlSize = 300_000; // characters of YAML in one import: a request may have 1 MiB
const batchSize = 1_000; // events of one request
const batchBytes = 4_000_000;

interface Running {
  trial: Trial;
  marker: string;
  documents: string[];
  refused?: { refused: string; supported: boolean };
  opened: Detected[][];
  rejected: Rejection[];
}

/** `token`: of an administrator. `apiKey`: what events are sent with; absent: the token. */
export function serverEngine(options: { url: string; token: string; apiKey: string | undefined }): Engine {
  const api = connect(options);
  const run = Date.now().toString(36); // sets this run's rules apart from an earlier one's
  let trials = 0;
  const seen = new Set<string>();
  return {
    async run(wanted) {
      const running = wanted.map((trial): Running => {
        const marker = `${run}-${trials++}`;
        return { trial, marker, documents: markRules(trial.yaml, marker), opened: [], rejected: [] };
      });
      for (const chunk of chunked(running, yamlSize, ({ documents }) => sizeOf(documents)))
        await importRules(api, chunk);
      const rounds = Math.max(0, ...wanted.map(({ batches }) => batches.length));
      for (let round = 0; round < rounds; round++) {
        await ingestRound(api, running, round);
        await readDetections(api, running, round, seen);
      }
      return running.map(({ refused, opened, rejected }): TrialResult => refused ?? { opened, rejected });
    },
    store: (events) => store(api, events, `${run}-store-${trials++}`),
  };
}

async function importRules(api: Api, chunk: readonly Running[]): Promise<void> {
  const owners = chunk.flatMap((one) => one.documents.map(() => one));
  const yaml = chunk.flatMap(({ documents }) => documents).join("\n---\n");
  for (const { document, line, code, message } of await api.importRules(yaml)) {
    const owner = owners[document];
    // What is not supported explains why another document of the trial lacks what it refers to.
    if (owner !== undefined && owner.refused?.supported !== false)
      owner.refused = { refused: `line ${line}, ${message}`, supported: code !== "UNSUPPORTED" };
  }
}

async function ingestRound(api: Api, running: readonly Running[], round: number): Promise<void> {
  const sent = running.flatMap((one) =>
    (one.refused ? [] : (one.trial.batches[round] ?? [])).map((event) => ({ one, event: marked(event, one.marker) })),
  );
  for (const chunk of chunked(sent, batchBytes, ({ event }) => JSON.stringify(event).length, batchSize)) {
    const { rejected } = await api.ingest(chunk.map(({ event }) => event));
    for (const rejection of rejected) chunk[rejection.index]?.one.rejected.push(rejection);
  }
}

function marked(event: SentEvent, marker: string): SentEvent {
  return { ...event, attributes: { ...(event.attributes as object), [caseField]: marker } };
}

async function readDetections(api: Api, running: readonly Running[], round: number, seen: Set<string>): Promise<void> {
  const byMarker = new Map(running.map((one) => [one.marker, one]));
  for (const one of running) one.opened[round] = [];
  for await (const { id, rule, subjects } of api.detections()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const [marker = "", ...title] = rule.name.split(" ");
    byMarker.get(marker)?.opened[round]?.push({ rule: title.join(" "), subjects });
  }
}

/** Events are found again by a key beside their own, which is taken off again. */
async function store(api: Api, events: readonly SentEvent[], marker: string): Promise<(SentEvent | undefined)[]> {
  const since = new Date(Date.now() - 60_000).toISOString(); // clocks differ
  const sent = events.map((event, n) => ({ ...event, [caseField]: `${marker}-${n}` }));
  for (const chunk of chunked(sent, batchBytes, (event) => JSON.stringify(event).length, batchSize))
    await api.ingest(chunk);
  const found = new Map<unknown, SentEvent>();
  for await (const event of api.events(since)) {
    const { [caseField]: own, ...attributes } = event.attributes as SentEvent;
    found.set(own, { ...event, attributes });
  }
  return sent.map((event) => found.get(event[caseField]));
}

function sizeOf(documents: readonly string[]): number {
  return documents.reduce((sum, text) => sum + text.length, 0);
}

function* chunked<Item>(
  items: readonly Item[],
  size: number,
  sizeOf: (item: Item) => number,
  most = Number.POSITIVE_INFINITY,
): Generator<Item[]> {
  let chunk: Item[] = [];
  let filled = 0;
  for (const item of items) {
    const more = sizeOf(item);
    if (chunk.length > 0 && (filled + more > size || chunk.length >= most)) {
      yield chunk;
      chunk = [];
      filled = 0;
    }
    chunk.push(item);
    filled += more;
  }
  if (chunk.length > 0) yield chunk;
}
