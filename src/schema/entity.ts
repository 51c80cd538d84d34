import { facetNamed } from "../detect/behaviour/facets.ts";
import { risksAt } from "../detect/risk/read.ts";
import { batched } from "./batched.ts";
import { builder } from "./builder.ts";
import { type Context, prismaOf, viewerOf } from "./context.ts";
import { ContributionType, contributionsOf, RiskChangeType, riskChangesOf } from "./entity-risk.ts";
import { describedEnum, SeverityEnum } from "./enums.ts";
import { paged, rowKey } from "./page.ts";
import { linked } from "./parts-of.ts";

/** Patients have profiles, by pseudonym, but are shown to nobody: who reads whom is in `accessReport`. */
export type ShownKind = "USER" | "ADDRESS" | "API_KEY" | "SERVICE" | "HOST" | "DEVICE" | "ROLE" | "ORGANIZATION";

export const EntityKindEnum = describedEnum<ShownKind>("EntityKind", "Whom or what there is a profile or a risk of.", {
  USER: "A user of the monitored applications, by name, else e-mail address, else id.",
  ADDRESS: "An address that requests come from.",
  API_KEY: "A program's key in a monitored application.",
  SERVICE: "A log source: `product/service/category`.",
  HOST: "A machine.",
  DEVICE: "A device.",
  ROLE: "A peer group: everybody of a role.",
  ORGANIZATION: 'The organization itself, with the key "".',
});

export interface EntityRow {
  kind: string;
  key: string;
  criticality: number;
}

/** The exact scores of many entities at once; the ids of entities carry the key behind the kind. */
const risk = batched<number>(async (context, names) => {
  const entities = names.map(named);
  const { services } = context;
  const risks = await risksAt(services.db, viewerOf(context).organizationId, entities, services.now());
  return new Map(names.map((name, index) => [name, risks[index] as number]));
});

/** The threat score at this moment. */
export async function riskNow(context: Context, entity: { kind: string; key: string }): Promise<number> {
  return (await risk(context, nameOf(entity))) ?? 0;
}

interface Told {
  facet: string;
  told: string;
}

const ToldType = builder.objectRef<Told>("ProfileFacet").implement({
  description: "What is usual, in one respect.",
  fields: (t) => ({
    facet: t.exposeString("facet", { description: "The respect, e.g. `hours`." }),
    told: t.exposeString("told", { description: "What is known, in words." }),
  }),
});

function toldOf(profile: unknown): Told[] {
  return Object.entries((profile ?? {}) as Record<string, unknown>).flatMap(([name, state]) => {
    const told = facetNamed(name)?.tell?.(state);
    return told === undefined ? [] : [{ facet: name, told }];
  });
}

const newestFirst = { field: "createdAt", direction: "desc" } as const;
/** The ids of rows of `table` whose detections contribute to the owner, an entity's kind and key. */
function contributing(table: string, ids: string) {
  const ofOwner = `${ids} r.organization_id = $1 AND r.entity_kind = ${kindOf} AND r.entity_key = ${keyOf}`;
  return linked({ table, otherwise: newestFirst, type: "text", where: [`id = ANY (ARRAY(${ofOwner}))`] });
}

const nameOf = ({ kind, key }: Pick<EntityRow, "kind" | "key">): string => `${kind} ${key}`;
const named = (name: string): { kind: string; key: string } => {
  const blank = name.indexOf(" ");
  return { kind: name.slice(0, blank), key: name.slice(blank + 1) };
};
const kindOf = "split_part(owner, ' ', 1)";
const keyOf = "substr(owner, strpos(owner, ' ') + 1)";

const detections = contributing("detections", "SELECT r.detection_id FROM risk_contributions r WHERE");
const incidents = contributing(
  "security_incidents",
  "SELECT d.incident_id FROM risk_contributions r JOIN detections d ON d.organization_id = r.organization_id AND d.id = r.detection_id WHERE",
);
const ofEvents = { table: "realtime_monitoring", otherwise: { field: "time", direction: "desc" } } as const;
/** Of events that tell no name: what they tell of their user is its key, or an alias. */
const nameless = `actor_name IS NULL AND coalesce(actor_email, actor_id) IS NOT NULL
  AND coalesce(actor_email, actor_id) = ANY (owner || ARRAY(SELECT unnest(e.aliases) FROM entities e
    WHERE e.organization_id = $1 AND e.kind = 'USER' AND e.key = owner))`;
/** Of an IPv6 network: those of the addresses in it. */
const ofNetwork = `masklen(owner) < masklen(host(owner)::inet)
  AND source_ip BETWEEN host(network(owner))::inet AND host(broadcast(owner))::inet`;
/** Its own events; of other kinds than these there are none to be found by an index. */
const events = {
  USER: linked({ ...ofEvents, type: "text", where: ["actor_name = owner", nameless] }),
  ADDRESS: linked({ ...ofEvents, type: "inet", where: ["source_ip = owner", ofNetwork] }),
};
const hasEvents = (kind: string): kind is keyof typeof events => kind === "USER" || kind === "ADDRESS";
const feedback = linked({
  table: "feedback",
  otherwise: { field: "at", direction: "desc" },
  type: "text",
  where: [`entity_kind = ${kindOf} AND entity_key = ${keyOf}`],
});

export const Entity = builder.prismaNode("Entity", {
  id: { resolve: (entity) => entity.id, description: "The entity's id." },
  findUnique: (id, context) => ({ ...rowKey(id, context), kind: { not: "PATIENT" } }),
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "entity.read" },
  select: { id: true, kind: true, key: true, criticality: true },
  fields: (t) => ({
    kind: t.field({ type: EntityKindEnum, description: "What it is.", resolve: ({ kind }) => kind as ShownKind }),
    key: t.exposeString("key", { description: "Which one: a name, an address, a role." }),
    firstSeenAt: t.expose("firstSeenAt", { type: "DateTime", description: "The time of its first event." }),
    lastSeenAt: t.expose("lastSeenAt", { type: "DateTime", description: "The time of its last event." }),
    roles: t.exposeStringList("roles", { description: "Its roles." }),
    aliases: t.exposeStringList("aliases", {
      description: "What else events call the same user, as `usersImport` has told.",
    }),
    department: t.exposeString("department", { nullable: true, description: "Its department." }),
    criticality: t.exposeFloat("criticality"),
    risk: t.float({
      description: "Its threat score at this moment, 0 to 100, from the detections of the last 30 days.",
      resolve: (entity, _args, context) => riskNow(context, entity),
    }),
    riskLevel: t.expose("riskLevel", {
      type: SeverityEnum,
      nullable: true,
      description: "The threshold of the organization that its score has passed: HIGH or CRITICAL.",
    }),
    contributions: t.field({
      type: [ContributionType],
      description: "What its threat score is made of, the greatest part first.",
      args: { first: t.arg.int({ required: true, defaultValue: 20, description: "How many, from 1 to 100." }) },
      resolve: (entity, { first }, context) => contributionsOf(context, entity, first),
    }),
    riskChanges: t.field({
      type: [RiskChangeType],
      description: "How its threat score came about, the latest change first.",
      args: { first: t.arg.int({ required: true, defaultValue: 10, description: "How many, from 1 to 50." }) },
      resolve: (entity, { first }, context) => riskChangesOf(context, entity, first),
    }),
    profile: t.field({
      type: [ToldType],
      description: "What is usual for it, in words. Patients are in no profile in clear.",
      authScopes: { permission: "profile.read" },
      select: { learned: true, profile: true },
      resolve: ({ learned, profile }) => toldOf(learned ?? profile),
    }),
    detections: t.prismaConnection({
      ...paged,
      type: "Detection",
      description: "Detections that contribute to its threat score, or did, the latest first.",
      authScopes: { permission: "incident.read" },
      totalCount: (entity, _args, context) => detections.count(context, nameOf(entity)),
      resolve: (query, entity, _args, context) =>
        detections.page(context, query, nameOf(entity), (rows) => prismaOf(context).detection.findMany(rows)),
    }),
    incidents: t.prismaConnection({
      ...paged,
      type: "Incident",
      description: "The incidents of those detections, the latest first.",
      authScopes: { permission: "incident.read" },
      totalCount: (entity, _args, context) => incidents.count(context, nameOf(entity)),
      resolve: (query, entity, _args, context) =>
        incidents.page(context, query, nameOf(entity), (rows) => prismaOf(context).incident.findMany(rows)),
    }),
    events: t.prismaConnection({
      ...paged,
      type: "SecurityEvent",
      description:
        "Events of a user, by name or where they tell none by an e-mail address or id that is its key or an alias, or of an address, the latest first; of other kinds none are shown.",
      authScopes: { permission: "event.read" },
      totalCount: ({ kind, key }, _args, context) => (hasEvents(kind) ? events[kind].count(context, key) : 0),
      resolve: (query, { kind, key }, _args, context) =>
        hasEvents(kind)
          ? events[kind].page(context, query, key, (rows) => prismaOf(context).securityEvent.findMany(rows))
          : [],
    }),
    feedback: t.prismaConnection({
      ...paged,
      type: "Feedback",
      description: "What people taught about it by resolving incidents, the latest first.",
      authScopes: { permission: "incident.read" },
      totalCount: (entity, _args, context) => feedback.count(context, nameOf(entity)),
      resolve: (query, entity, _args, context) =>
        feedback.page(context, query, nameOf(entity), (rows) => prismaOf(context).feedback.findMany(rows)),
    }),
  }),
});
