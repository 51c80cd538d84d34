/** Who is told while a run lasts: applications that enforce decisions, and followers of the incidents. */
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { WebSocket } from "ws";
import { createClient } from "../../src/client/index.ts";
import { decodeCursor } from "../../src/publish/cursor.ts";
import { monitorSecurity } from "../../src/sdk/index.ts";
import { decisionsInForce, type Enforced, placesDue, type Shown } from "./checks.ts";
import { setUp } from "./settings.ts";
import type { Stand } from "./stand.ts";

const drainLimit = 180_000; // ms until all that is due is told

export type Witnesses = Awaited<ReturnType<typeof openWitnesses>>;

/** Sets each organization up, and follows it from then on by so many clients in all. */
export async function openWitnesses(stand: Stand, clients: number) {
  const applications = stand.organizations.map(({ slug, enforcerKey }) => ({
    slug,
    monitor: monitorSecurity({ url: stand.url, apiKey: enforcerKey, name: "clinic" }),
  }));
  const opened = stand.organizations.flatMap(({ slug, token }) =>
    Array.from({ length: Math.ceil(clients / 2) }, () => ({
      slug,
      client: createClient({ url: stand.url, token, webSocket: WebSocket, retry: { first: 100, longest: 1_000 } }),
    })),
  );
  for (const { slug } of stand.organizations) {
    const client = opened.find((one) => one.slug === slug)?.client;
    if (client) await setUp(client, slug, stand.toSink.port);
  }
  const document =
    "subscription ($after: String) { incidentEvents(after: $after) { cursor kind incident { number } } }";
  const followers = opened.map(({ slug, client }) => {
    const shown: Shown = { slug, places: [], fault: undefined };
    const read = async (): Promise<void> => {
      for await (const event of client.follow(document, {}, { after: stand.starts.get(slug) })) {
        if (event.type !== "change") throw new Error(`a follower was told ${event.type}`);
        const { xid, id } = decodeCursor(event.cursor);
        shown.places.push(`${xid}:${id}`);
      }
    };
    read().catch((error: unknown) => {
      shown.fault = error;
    });
    return shown;
  });
  return {
    followers,
    enforced: (): Enforced[] =>
      applications.map(({ slug, monitor }) => ({ slug, decisions: monitor.status().decisions, at: new Date() })),
    drained: () => drained(stand, followers, applications),
    async close() {
      for (const { monitor } of applications) await monitor.close(1_000);
      for (const { client } of opened) await client.close();
    },
  };
}

/** Waits until followers and receivers have all that is due; what waits for a next try is tried now. Answers what is left. */
async function drained(
  stand: Stand,
  followers: readonly Shown[],
  applications: readonly { slug: string; monitor: ReturnType<typeof monitorSecurity> }[],
): Promise<string> {
  const owner = new pg.Client({ connectionString: stand.postgres.ownerUrl });
  await owner.connect();
  try {
    for (const until = Date.now() + drainLimit; ; await wait(500)) {
      await owner.query("UPDATE security_alerts SET due_at = now() WHERE status = 'RETRYING' AND due_at > now()");
      await owner.query(
        "UPDATE response_calls SET due_at = now() WHERE status = 'QUEUED' AND tries > 0 AND due_at > now()",
      );
      const { rows } = await owner.query<{ alerts: number; calls: number }>(
        `SELECT (SELECT count(*) FROM security_alerts WHERE status IN ('QUEUED', 'SENDING', 'RETRYING'))::int AS alerts,
           (SELECT count(*) FROM response_calls WHERE due_at IS NOT NULL)::int AS calls`,
      );
      const behind = { ...rows[0], followers: 0, applications: 0 };
      for (const organization of stand.organizations) {
        const { slug, id } = organization;
        const due = (await placesDue(owner, stand, organization)).length;
        behind.followers += followers.filter(
          (one) => one.slug === slug && !one.fault && one.places.length < due,
        ).length;
        const inForce = await decisionsInForce(owner, id);
        const ours = applications.filter((one) => one.slug === slug);
        behind.applications += ours.filter(({ monitor }) => monitor.status().decisions < inForce).length;
      }
      const left = Object.entries(behind).filter(([, n]) => n > 0);
      if (left.length === 0 || Date.now() > until)
        return left.map(([what, n]) => `${n} ${what}`).join(", ") || "nothing";
    }
  } finally {
    await owner.end();
  }
}
