import { fromColumn } from "../ingest/enrich/stored.ts";
import type { Agent, AgentDevice, Network, NetworkKind, Place } from "../ingest/enrichment.ts";
import { builder } from "./builder.ts";
import { describedEnum } from "./enums.ts";
import { SecurityEvent } from "./security-event.ts";

const NetworkKindEnum = describedEnum<NetworkKind>(
  "NetworkKind",
  "What kind of network an address belongs to: a heuristic, from lists of operators and words in their names.",
  {
    RESIDENTIAL: "Lines of homes and offices.",
    MOBILE: "A mobile network.",
    HOSTING: "Servers: hosting, cloud, content delivery.",
    VPN: "A VPN, a relay such as iCloud Private Relay, or a Tor exit: the real address is hidden.",
    PRIVATE: "A private, shared or link-local address: it has no place.",
    LOOPBACK: "The machine itself.",
    RESERVED: "Documentation, multicast or otherwise reserved: nobody's address.",
    UNKNOWN: "Nothing says what it is.",
  },
);

const AgentDeviceEnum = describedEnum<AgentDevice>("AgentDevice", "What kind of machine a user agent speaks for.", {
  DESKTOP: "A computer.",
  PHONE: "A phone.",
  TABLET: "A tablet.",
  BOT: "A crawler or another browser without a person.",
  PROGRAM: "A library, a tool, or an application that names itself.",
  OTHER: "Something else, or not to be told.",
});

/** A place, of an event or an address. */
export const PlaceType = builder.objectRef<Place>("EventPlace").implement({
  description:
    "Where an event came from: as its sender said, else as its address says. IP geolocation by DB-IP (https://db-ip.com).",
  fields: (t) => ({
    country: t.exposeString("country", { nullable: true, description: "The country, as ISO 3166-1 alpha-2 code." }),
    city: t.exposeString("city", { nullable: true, description: "The city." }),
    lat: t.exposeFloat("lat", { nullable: true, description: "Degrees north (WGS 84)." }),
    lon: t.exposeFloat("lon", { nullable: true, description: "Degrees east (WGS 84)." }),
    radiusKm: t.exposeFloat("radiusKm", {
      nullable: true,
      description:
        "The true position lies within this of the given one, with good probability, km. As the data says; else 50 for a city, and for a country the radius of most of its addresses.",
    }),
  }),
});

const NetworkType = builder.objectRef<Network>("EventNetwork").implement({
  description: "The network that an event's address belongs to.",
  fields: (t) => ({
    kind: t.expose("kind", { type: NetworkKindEnum, description: "What kind of network it is." }),
    asn: t.exposeInt("asn", { nullable: true, description: "The number of the autonomous system that announces it." }),
    name: t.exposeString("name", { nullable: true, description: "Who runs it." }),
  }),
});

const AgentType = builder.objectRef<Agent>("EventAgent").implement({
  description: "What an event's user agent says it is; a sender can forge it.",
  fields: (t) => ({
    device: t.expose("device", { type: AgentDeviceEnum, description: "The kind of machine." }),
    os: t.exposeString("os", { nullable: true, description: "The operating system's family, e.g. `Windows`." }),
    browser: t.exposeString("browser", { nullable: true, description: "The family, e.g. `Chrome`, `curl`." }),
  }),
});

builder.prismaObjectFields(SecurityEvent, (t) => ({
  place: t.field({
    type: PlaceType,
    nullable: true,
    description: "Where it came from, as known when it arrived. Null: not known.",
    select: { enrichment: true },
    resolve: ({ enrichment }) => fromColumn(enrichment)?.place ?? null,
  }),
  network: t.field({
    type: NetworkType,
    nullable: true,
    description: "The network it came from, as known when it arrived. Null: not known.",
    select: { enrichment: true },
    resolve: ({ enrichment }) => fromColumn(enrichment)?.network ?? null,
  }),
  agent: t.field({
    type: AgentType,
    nullable: true,
    description: "The program it was done with, read from the user agent when it arrived. Null: there is none.",
    select: { enrichment: true },
    resolve: ({ enrichment }) => fromColumn(enrichment)?.agent ?? null,
  }),
  enrichmentVersion: t.string({
    nullable: true,
    description: "The data and parsers that `place`, `network` and `agent` come from. They are not looked up again.",
    select: { enrichment: true },
    resolve: ({ enrichment }) => fromColumn(enrichment)?.version ?? null,
  }),
}));
