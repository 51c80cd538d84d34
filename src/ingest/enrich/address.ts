import { isIP } from "node:net";
import type { Place } from "../enrichment.ts";
import type { Enricher } from "./enricher.ts";

/** Where an address (of a range: its first) is, by the data of now; null: not known, or the text is no address. */
export async function placeOfAddress(enricher: Enricher, text: string): Promise<Place | null> {
  const ip = text.replace(/\/\d+$/, "");
  if (isIP(ip) === 0) return null;
  const draft = { source: { ip } } as Parameters<Enricher["of"]>[0];
  await enricher.ready([draft]);
  return enricher.of(draft)?.place ?? null;
}
