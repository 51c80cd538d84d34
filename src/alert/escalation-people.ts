/** Whom the targets of steps reach, by what kind of channel, as things are now. */
import type { Tx } from "../db.ts";
import type { ChannelKind } from "../generated/prisma/client.ts";
import type { Policy, Target } from "./escalation.ts";
import { type Layer, type Override, onCallAt } from "./on-call.ts";
import { recipientsOf } from "./recipients.ts";
import { json } from "./route-read.ts";

export interface Reached {
  channelId: string;
  recipient: string;
  userId: string | null;
}

interface Around {
  channels: { id: string; kind: ChannelKind; config: unknown }[];
  schedules: { id: string; timeZone: string; layers: Layer[] }[];
  overrides: (Override & { scheduleId: string })[];
  bad: { kind: ChannelKind; address: string }[];
}

interface Person {
  id: string;
  email: string;
  phone: string | null;
  role: string;
}

/** Answers a function that is pure: whom a target reaches. Suspended users and channels, and bad contacts, are not reached. */
export async function readPeople(
  tx: Tx,
  policies: readonly Policy[],
  now: number,
): Promise<(target: Target) => Reached[]> {
  const { rows } = await tx.query<Around>({
    name: "read_escalation_people",
    text: `SELECT
      ${json(`SELECT id, kind, config FROM alert_channels WHERE organization_id = $1 AND suspended_at IS NULL AND removed_at IS NULL ORDER BY name`)} AS channels,
      ${json(`SELECT id, time_zone AS "timeZone", layers FROM on_call_schedules WHERE organization_id = $1`)} AS schedules,
      ${json(`SELECT schedule_id AS "scheduleId", user_id AS "userId", (extract(epoch FROM starts_at) * 1000)::bigint AS "startsAt",
        (extract(epoch FROM ends_at) * 1000)::bigint AS "endsAt" FROM on_call_overrides
        WHERE organization_id = $1 AND starts_at <= $2 AND ends_at > $2`)} AS overrides,
      ${json(`SELECT kind, address FROM bad_contacts WHERE organization_id = $1`)} AS bad`,
    values: [tx.organizationId, new Date(now)],
  });
  const { channels, schedules, overrides, bad } = rows[0] as Around;
  const onCall = new Map(
    schedules.map((one) => {
      const own = overrides.filter(({ scheduleId }) => scheduleId === one.id);
      return [one.id, onCallAt(one, own, now)];
    }),
  );
  const targets = policies.flatMap(({ steps }) => steps.flatMap(({ tell }) => tell));
  const of = (kind: Target["kind"]): string[] => targets.filter((it) => it.kind === kind).map(({ id }) => id);
  const people = await tx.query<Person>(
    `SELECT id, email, phone, role FROM users WHERE organization_id = $1 AND suspended_at IS NULL
       AND (id = ANY ($2::uuid[]) OR role::text = ANY ($3)) ORDER BY id`,
    [tx.organizationId, [...of("USER"), ...[...onCall.values()].filter((id) => id !== null)], of("ROLE")],
  );

  function usersOf({ kind, id }: Target): Person[] {
    const wanted = kind === "SCHEDULE" ? onCall.get(id) : id;
    return people.rows.filter((person) => (kind === "ROLE" ? person.role === id : person.id === wanted));
  }

  return (target) => {
    if (target.kind === "CHANNEL") {
      const channel = channels.find(({ id }) => id === target.id);
      const to = channel ? recipientsOf(channel.config) : [];
      return to.map((recipient) => ({ channelId: target.id, recipient, userId: null }));
    }
    const ways = channels.filter(({ id, kind }) =>
      target.via ? id === target.via : kind === "EMAIL" || kind === "SMS",
    );
    const users = usersOf(target);
    return ways.flatMap(({ id: channelId, kind, config }): Reached[] => {
      if (kind !== "EMAIL" && kind !== "SMS") {
        if (users.length === 0) return [];
        return recipientsOf(config).map((recipient) => ({ channelId, recipient, userId: null }));
      }
      return users.flatMap((user) => {
        const recipient = kind === "EMAIL" ? user.email : user.phone;
        if (!recipient || bad.some((one) => one.kind === kind && one.address === recipient)) return [];
        return [{ channelId, recipient, userId: user.id }];
      });
    });
  };
}
