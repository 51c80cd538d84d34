/** Sends events to a server's /ingest as any program would. */
import { setTimeout as wait } from "node:timers/promises";
import type { ClinicEvent } from "./clinic/event.ts";

/** Answers how many were new; waits where the server asks for that, throws where it refuses. */
export async function postEvents(url: string, key: string, events: readonly ClinicEvent[]): Promise<number> {
  const body = events.map((event) => JSON.stringify(event)).join("\n");
  for (;;) {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" };
    const answer = await fetch(`${url}/ingest`, { method: "POST", headers, body });
    if (answer.status === 429) {
      await answer.arrayBuffer();
      await wait(1_000 * Number(answer.headers.get("retry-after") ?? 1));
      continue;
    }
    const { accepted, duplicates, rejected, error } = (await answer.json()) as {
      accepted?: number;
      duplicates?: number;
      rejected?: { message: string }[];
      error?: { message: string };
    };
    if ((accepted ?? 0) + (duplicates ?? 0) === events.length) return accepted ?? 0;
    const why = error?.message ?? rejected?.[0]?.message ?? `status ${answer.status}`;
    throw new Error(`${url} took ${accepted ?? 0} of ${events.length} events: ${why}`);
  }
}
