/** Sends a clinic's weeks through the server's own ingest, as they would arrive, with an administrator who clears up every night. */
import { openClinic } from "../clinic/clinic.ts";
import type { ClinicEvent } from "../clinic/event.ts";
import type { ClinicOptions } from "../clinic/world.ts";
import { postEvents } from "../post-events.ts";
import type { FoundDetection, Run } from "./judge.ts";
import { behaviourName } from "./meant-for.ts";
import type { PastServer } from "./past-server.ts";

const minute = 60_000;
const jobsEvery = 60 * minute; // of the clinic's time
const largest = 1_000; // events of a batch
/** A batch is short while an attack begins, so that the time to detect is known to the minute; else nobody is in a hurry. */
const span = { calm: 60 * minute, attack: minute, begins: 120 * minute };

export async function feed(
  server: PastServer,
  options: ClinicOptions,
  onDay?: (day: number, events: number) => void,
): Promise<Run & { events: number }> {
  const clinic = openClinic(options);
  server.setClock(clinic.from);
  await server.setTimeZone(clinic.world.zone);
  const { apiKeyCreate } = await server.ask<{ apiKeyCreate: { secret: string } }>(
    'mutation { apiKeyCreate(input: { name: "clinic", role: INGEST }) { secret userErrors { message } } }',
  );
  let batch: ClinicEvent[] = [];
  let events = 0;
  let day = 0;
  let jobsAt = 0;
  const send = async (): Promise<void> => {
    const [first, last] = [batch[0], batch.at(-1)];
    if (!first || !last) return;
    server.setClock(last.time);
    events += await postEvents(server.url, apiKeyCreate.secret, batch);
    batch = [];
    if (last.time < jobsAt) return;
    jobsAt = last.time + jobsEvery;
    await server.runJobs();
  };
  let attacked = false;
  const end = clinic.world.day(clinic.world.days).at(0);
  for await (const { event } of clinic.events()) {
    if (event.time >= end) break; // machines stop at midnight, people later: the rest would look like a silence
    const first = batch[0];
    const before: boolean = attacked;
    attacked = clinic.labels.some(
      ({ from, to }) => event.time >= from && event.time <= Math.min(to, from + span.begins) + span.attack,
    );
    const limit = attacked ? span.attack : span.calm;
    const full = first && (batch.length >= largest || event.time - first.time >= limit);
    if (full || attacked !== before) await send();
    if (event.time >= clinic.world.day(day + 1).at(0)) {
      await send();
      await clearUp(server);
      day++;
      onDay?.(day, events);
    }
    batch.push(event);
  }
  await send();
  return {
    seed: options.seed,
    users: options.staff,
    from: clinic.from,
    to: end,
    attacksFrom: clinic.attacksFrom,
    labels: clinic.labels,
    detections: await readDetections(server),
    events,
  };
}

/** Every incident that is open is resolved, without a verdict that would teach: what comes again opens another one. */
async function clearUp(server: PastServer): Promise<void> {
  for (;;) {
    const { incidents } = await server.ask<{ incidents: { nodes: { id: string }[] } }>(
      "{ incidents(first: 100, filter: { status: { notIn: [RESOLVED, CLOSED, MERGED] } }) { nodes { id } } }",
    );
    for (const { id } of incidents.nodes)
      await server.ask(
        `mutation ($id: ID!) { incidentResolve(id: $id, input: { resolution: INSUFFICIENT_INFORMATION, reason: "seen" }) {
          userErrors { message } } }`,
        { id },
      );
    if (incidents.nodes.length < 100) return;
  }
}

interface DetectionNode {
  id: string;
  rule: { reference: string; kind: string };
  subjects: { key: string }[];
  firstEventAt: string;
  lastEventAt: string;
  createdAt: string;
  explanation: string;
  incident: { number: number } | null;
  events: { clientId: string | null }[];
}

async function readDetections(server: PastServer): Promise<FoundDetection[]> {
  const found: FoundDetection[] = [];
  for (let after: string | null = null; ; ) {
    const {
      detections,
    }: { detections: { nodes: DetectionNode[]; pageInfo: { hasNextPage: boolean; endCursor: string } } } =
      await server.ask(
        `query ($after: String) { detections(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes {
          id rule { reference kind } subjects { key } firstEventAt lastEventAt createdAt explanation incident { number }
          events { clientId } } } }`,
        { after },
      );
    for (const node of detections.nodes)
      found.push({
        id: node.id,
        rule: node.rule.kind === "BEHAVIOUR" ? behaviourName(node.rule.reference) : node.rule.reference,
        subjects: node.subjects.map(({ key }) => key),
        firstEventAt: Date.parse(node.firstEventAt),
        lastEventAt: Date.parse(node.lastEventAt),
        firedAt: Date.parse(node.createdAt),
        incident: node.incident?.number,
        eventIds: node.events.flatMap(({ clientId }) => (clientId === null ? [] : [clientId])),
        explanation: node.explanation,
      });
    if (!detections.pageInfo.hasNextPage) return found;
    after = detections.pageInfo.endCursor;
  }
}
