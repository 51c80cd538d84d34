/** An incident as a document to keep or hand on. What its reader may not see, it does not hold: it is asked for as they. */
import { type DocumentNode, execute, type GraphQLSchema, parse } from "graphql";
import { audit } from "../access/audit.ts";
import { VigilError } from "../errors.ts";
import { type ReportData, reportMarkdown } from "../incident/report-text.ts";
import { nameOf } from "../respond/action-words.ts";
import { batched } from "./batched.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, viewerOf } from "./context.ts";
import { describedEnum } from "./enums.ts";
import { Incident } from "./incident.ts";
import { htmlOf } from "./markdown.ts";
import { rowKey } from "./page.ts";

const noticeDays = 60; // 45 CFR 164.404(b)

interface Notice {
  patients: number;
  discoveredAt: Date;
  dueAt: Date;
}

const BreachNotice = builder.objectRef<Notice>("BreachNotice").implement({
  description:
    "The clock of 45 CFR 164.404, should the incident be a breach of unsecured protected health information.",
  fields: (t) => ({
    patients: t.exposeInt("patients", { description: "How many patients the events kept as its evidence name." }),
    discoveredAt: t.expose("discoveredAt", {
      type: "DateTime",
      description: "When the incident was opened, or before it one that was merged into it and names a patient.",
    }),
    dueAt: t.expose("dueAt", { type: "DateTime", description: "60 days later: until when patients must be notified." }),
  }),
});

interface Named {
  incident: string;
  patients: number;
  discoveredAt: Date;
}

/**
 * How many patients the events of incidents name, those that people added as evidence too, of all incidents of a page in one
 * statement. What was merged into an incident was discovered when it was opened itself: merging gains nobody time.
 */
const namedBy = batched<Named>(async (context, incidents) => {
  const { organizationId } = viewerOf(context);
  const { rows } = await context.services.db.query<Named & Record<string, unknown>>(
    organizationId,
    `WITH RECURSIVE family AS (
       SELECT id AS incident, id FROM unnest($2::uuid[]) AS asked(id)
       UNION
       SELECT f.incident, m.id FROM family f JOIN security_incidents m ON m.organization_id = $1 AND m.merged_into_id = f.id
     ), named AS (
       SELECT incident_id AS incident, coalesce(home_incident_id, incident_id) AS home, unnest(event_ids) AS event
       FROM detections WHERE organization_id = $1 AND incident_id = ANY ($2::uuid[])
       UNION
       SELECT f.incident, v.incident_id, v.event_id FROM family f
       JOIN incident_evidence v ON v.organization_id = $1 AND v.incident_id = f.id WHERE v.event_id IS NOT NULL
     )
     SELECT n.incident, count(DISTINCT coalesce(e.patient_id, encode(e.patient_index, 'hex')))::int AS patients,
       least(min(own.opened_at), min(home.opened_at)) AS "discoveredAt"
     FROM named n JOIN realtime_monitoring e ON e.organization_id = $1 AND e.id = n.event
       AND (e.patient_id IS NOT NULL OR e.patient_index IS NOT NULL)
     JOIN security_incidents own ON own.organization_id = $1 AND own.id = n.incident
     LEFT JOIN security_incidents home ON home.organization_id = $1 AND home.id = n.home GROUP BY 1`,
    [organizationId, incidents],
  );
  return new Map(rows.map((row) => [row.incident, row]));
});

builder.prismaObjectFields(Incident, (t) => ({
  breachNotice: t.field({
    type: BreachNotice,
    nullable: true,
    description: "Until when patients must be notified if this is a breach; null: its events name no patient.",
    select: { id: true },
    resolve: async ({ id }, _args, context) => {
      const named = await namedBy(context, id);
      if (!named) return null;
      const { patients, discoveredAt } = named;
      return { patients, discoveredAt, dueAt: new Date(discoveredAt.getTime() + noticeDays * 86_400_000) };
    },
  }),
}));

type Format = "MARKDOWN" | "HTML";
const FormatEnum = describedEnum<Format>("ReportFormat", "What a report is written in.", {
  MARKDOWN: "Markdown.",
  HTML: "A page of its own, ready to print or to keep as PDF; it loads nothing.",
});

const mostLines = 1_000; // of the timeline
const lines =
  "fragment Lines on IncidentEntriesConnection { totalCount pageInfo { hasNextPage endCursor } nodes { at kind message } }";
const question = parse(`query Report($id: ID!) {
  incident(id: $id) {
    number title severity status resolution resolutionReason threatScore openedAt acknowledgedAt acknowledgedBy containedAt
    containedBy resolvedAt resolvedBy firstEventAt lastEventAt detectionCount eventCount tags rule { name } assignee { email }
    mergedInto { number } merged { number }
    subjects { kind key } clocks { kind dueAt doneAt state } breachNotice { patients discoveredAt dueAt }
    entries(first: 100) { ...Lines }
    detections(first: 100) { totalCount nodes { rule { name } explanation firstEventAt lastEventAt eventCount } }
    actions(first: 100) { totalCount nodes { type status target createdAt expiresAt endedAt } }
    tasks { text assignee { email } dueAt doneAt doneBy }
    evidence { url note author createdAt event { id action time } }
  }
}
${lines}`);
const further =
  parse(`query Further($id: ID!, $after: String!) { incident(id: $id) { entries(first: 100, after: $after) { ...Lines } } }
${lines}`);

builder.queryField("incidentReport", (t) =>
  t.string({
    nullable: true,
    description: "The incident as a document. Each making is audited; null: there is no such incident.",
    authScopes: { permission: "incident.read" },
    args: {
      id: t.arg.globalID({ required: true, for: Incident, description: "The incident." }),
      format: t.arg({ type: FormatEnum, defaultValue: "MARKDOWN", description: "Written in what." }),
    },
    resolve: async (_parent, { id: { id }, format }, context, { schema }) => {
      rowKey(id, context);
      const incident = await read(schema, context, id);
      if (!incident) return null;
      const { db, now } = context.services;
      const entry = { actor: auditActorOf(context), action: "INCIDENT_REPORTED", entityKind: "Incident", entityId: id };
      await db.inOrganization(viewerOf(context).organizationId, (tx) =>
        audit(tx, { ...entry, detail: { format: format ?? "MARKDOWN" } }),
      );
      const text = reportMarkdown(incident, { madeAt: new Date(now()), madeBy: actorOf(context) });
      return format !== "HTML" ? text : page(`Incident #${incident.number}`, htmlOf(text));
    },
  }),
);

interface Answer extends Omit<ReportData, "entries" | "actions"> {
  entries: ReportData["entries"] & { pageInfo: { hasNextPage: boolean; endCursor: string } };
  actions: {
    totalCount: number;
    nodes: (Omit<ReportData["actions"]["nodes"][number], "name"> & Parameters<typeof nameOf>[0])[];
  };
}

async function read(schema: GraphQLSchema, context: Context, id: string): Promise<ReportData | null> {
  async function ask(document: DocumentNode, after?: string): Promise<Answer | null> {
    const variableValues = { id: Buffer.from(`Incident:${id}`).toString("base64"), after };
    const { data, errors } = await execute({ schema, document, contextValue: context, variableValues });
    if (errors?.[0]) throw errors[0].originalError ?? new VigilError("INTERNAL", errors[0].message);
    // As it would be sent: dates as text.
    return (JSON.parse(JSON.stringify(data)) as { incident: Answer | null }).incident;
  }
  const incident = await ask(question);
  if (!incident) return null;
  const { entries, actions } = incident;
  while (entries.pageInfo.hasNextPage && entries.nodes.length < mostLines) {
    const more = await ask(further, entries.pageInfo.endCursor);
    if (!more) break;
    entries.nodes.push(...more.entries.nodes);
    entries.pageInfo = more.entries.pageInfo;
  }
  return {
    ...incident,
    actions: { ...actions, nodes: actions.nodes.map((action) => ({ ...action, name: nameOf(action) })) },
  };
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
  body { font: 11pt/1.45 Georgia, serif; color: #111; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
  h1, h2 { font-family: system-ui, sans-serif; line-height: 1.2 } h2 { margin-top: 1.6em; border-bottom: 1px solid #bbb }
  table { border-collapse: collapse; width: 100% } thead { display: none } td { padding: .2rem .6rem .2rem 0; vertical-align: top }
  li { break-inside: avoid } @page { margin: 2cm }
</style></head><body>
${body}</body></html>
`;
}
