/** Opens the data behind enrichment as it is needed, and keeps it up to date. */
import { ConfigError } from "../../config.ts";
import type { Log } from "../../log.ts";
import type { Enrichment } from "../enrichment.ts";
import type { EventDraft } from "../event.ts";
import { enrich, type Sources } from "./enrich.ts";
import { mmdbFault } from "./mmdb.ts";
import { type OwnFile, ownFile, systemOfRecord } from "./own-file.ts";
import { type Family, packagedAsn, packagedCity } from "./packaged.ts";
import { createSources, type OpenData } from "./sources.ts";
import { placeInSpace } from "./special.ts";

type Draft = Pick<EventDraft, "source" | "userAgent">;

export interface Enricher {
  /** Opens what these events need; at once when it is open already. Never fails: an event without a place is better than none. */
  ready(drafts: readonly Draft[]): Promise<void>;
  /** What arrival adds to an event, from what is open. */
  of(draft: Draft): Enrichment | undefined;
}

export interface EnricherOptions {
  /** The user's own MMDB of cities (VIGIL_GEOIP_CITY) and of autonomous systems (VIGIL_GEOIP_ASN). */
  own: { city?: string | undefined; asn?: string | undefined };
  log: Log;
  now: () => number;
}

const lookAgainMs = 60_000; // whether a file of the user's own has changed

/** Opens no data. Throws a ConfigError where a file of the user's own is no MaxMind DB. */
export async function openEnricher({ own, log, now }: EnricherOptions): Promise<Enricher> {
  const faults: string[] = [];
  for (const [name, path] of [["VIGIL_GEOIP_CITY", own.city] as const, ["VIGIL_GEOIP_ASN", own.asn] as const]) {
    const fault = path === undefined ? undefined : await mmdbFault(path);
    if (fault) faults.push(`  ${name}: ${fault}`);
  }
  if (faults.length > 0)
    throw new ConfigError(`The configuration has ${faults.length} fault(s):\n${faults.join("\n")}`);

  const files = { city: own.city && ownFile(own.city), asn: own.asn && ownFile(own.asn) };
  const packaged: Record<Family, { city?: OpenData["city"]; asn?: OpenData["asn"] } | undefined> = {
    ipv4: undefined,
    ipv6: undefined,
  };
  const opening = new Map<Family, Promise<void>>();
  let sources: Sources = createSources({});
  let lookAgainAt = 0;

  /** Without the data rather than without the events. */
  async function attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      log.error({ what, fault: (error as Error).message }, "data for enrichment cannot be read: going on without");
      return undefined;
    }
  }

  async function openFamily(family: Family): Promise<void> {
    const [city, asn] = await Promise.all([
      files.city ? undefined : attempt("cities", () => packagedCity(family)),
      files.asn ? undefined : attempt("autonomous systems", () => packagedAsn(family)),
    ]);
    if (!files.city && !city) log.warn("no data of cities is installed: events get no place from their address");
    packaged[family] = { city, asn };
    await lookAgain();
    rebuild();
  }

  /** True: a file of the user's own has changed. */
  async function lookAgain(): Promise<boolean> {
    lookAgainAt = now() + lookAgainMs;
    let changed = false;
    for (const file of [files.city, files.asn])
      if (file && (await attempt("a file of your own", () => file.refresh()))) changed = true;
    return changed;
  }

  function rebuild(): void {
    const { ipv4, ipv6 } = packaged;
    const day = (part: "city" | "asn"): string => (ipv4?.[part] ?? ipv6?.[part])?.day ?? "";
    const familyOf = (address: string) => (address.includes(":") ? ipv6 : ipv4);
    sources = createSources({
      city: files.city
        ? files.city.data
        : (ipv4?.city ?? ipv6?.city) && { day: day("city"), get: (address) => familyOf(address)?.city?.get(address) },
      asn: files.asn
        ? systemsOf(files.asn)
        : (ipv4?.asn ?? ipv6?.asn) && { day: day("asn"), find: (address) => familyOf(address)?.asn?.find(address) },
    });
  }

  function open(family: Family): Promise<void> {
    let promise = opening.get(family);
    if (!promise) opening.set(family, (promise = openFamily(family)));
    return promise;
  }

  return {
    async ready(drafts) {
      for (const { source } of drafts) {
        const ip = source?.ip;
        if (ip === undefined || packaged[ip.includes(":") ? "ipv6" : "ipv4"]) continue;
        const found = placeInSpace(ip);
        if (found && "address" in found) await open(found.address.includes(":") ? "ipv6" : "ipv4");
      }
      if (
        (files.city || files.asn) &&
        (packaged.ipv4 || packaged.ipv6) &&
        now() >= lookAgainAt &&
        (await lookAgain())
      ) {
        log.info("new data for enrichment was read");
        rebuild();
      }
    },
    of: (draft) => enrich(draft, sources),
  };
}

function systemsOf({ data }: OwnFile): OpenData["asn"] {
  return data && { day: data.day, find: (address) => systemOfRecord(data.get(address)) };
}
