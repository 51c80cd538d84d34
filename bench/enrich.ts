/**
 * What arrival adds to an event, beside JSON.parse of the same event: with addresses and user agents that were met
 * before, with new addresses, and with new user agents. The data is open.
 */
import { openEnricher } from "../src/ingest/enrich/enricher.ts";
import type { EventDraft } from "../src/ingest/event.ts";
import { createLog } from "../src/log.ts";
import { seededRandom } from "../test/generate/random.ts";
import { compared } from "./compared.ts";
import type { Figure } from "./run.ts";
import { seed } from "./seed.ts";

const runs = 7;
const count = 20_000; // events of a round
const browsers = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/604.1",
  "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
];

function events(random: () => number, { newAgents }: { newAgents: boolean }): EventDraft[] {
  const byte = (): number => Math.floor(random() * 256);
  return Array.from({ length: count }, (_, n) => ({
    logsource: { product: "clinic", category: "authentication" },
    action: "login",
    category: "AUTHENTICATION",
    outcome: "SUCCESS",
    actor: { id: `u-${n % 500}`, name: `nurse-${n % 500}`, roles: ["nurse"] },
    source: { ip: `${1 + Math.floor(random() * 222)}.${byte()}.${byte()}.${byte()}`, port: 40_000 + (n % 9_000) },
    userAgent: `${browsers[n % browsers.length]}${newAgents ? ` Clinic/${random()}` : ""}`,
    sessionId: `s-${n}`,
    target: { type: "session", id: `s-${n}` },
    message: `nurse-${n % 500} logged in`,
    attributes: { site: n % 12 },
  }));
}

export async function enrichBench(): Promise<Figure[]> {
  const options = { own: {}, log: createLog("silent"), now: () => 0 };
  const random = seededRandom(seed());
  const rates = new Map<string, number[]>();
  const measure = (name: string, work: () => unknown): void => {
    const began = performance.now();
    work();
    rates.set(name, [...(rates.get(name) ?? []), count / ((performance.now() - began) / 1_000)]);
  };
  for (let run = -1; run < runs; run++) {
    if (run === 0) rates.clear(); // the first round only warms up
    const enricher = await openEnricher(options);
    const batch = events(random, { newAgents: false });
    const strange = events(random, { newAgents: true });
    await enricher.ready(batch);
    const texts = batch.map((event) => JSON.stringify(event));
    let found = 0;
    measure("JSON.parse", () => texts.forEach((text) => void JSON.parse(text)));
    const lookUp = (list: readonly EventDraft[]) => () => {
      for (const event of list) if (enricher.of(event)?.network) found++;
    };
    measure("new addresses", lookUp(batch));
    measure("met before", lookUp(batch));
    measure("new addresses and user agents", lookUp(strange));
    if (found === 0) throw new Error("no address was found");
  }
  return ["met before", "new addresses", "new addresses and user agents"].map((subject) => {
    const about = { bench: "enrich", subject, baseline: "JSON.parse", unit: "events/s" };
    return compared(about, rates.get(subject) ?? [], rates.get("JSON.parse") ?? []);
  });
}
