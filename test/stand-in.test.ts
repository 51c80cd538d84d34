/** N9: alerts and escalations where no worker does the jobs, on the servers' own PostgreSQL and a Redis that goes away. */
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningJobs, workJobs } from "../src/queue/queue.ts";
import { type StandIn, standIn } from "../src/stand-in.ts";
import { quiet } from "./support/database.ts";
import { type OwnRedis, ownRedis } from "./support/redis.ts";
import { type TestServer, testServer } from "./support/server.ts";
import { smtpSink } from "./support/smtp-sink.ts";

let redis: OwnRedis;
let smtp: Awaited<ReturnType<typeof smtpSink>>;
let server: TestServer;
let instead: StandIn;
let worker: RunningJobs | undefined;

beforeAll(async () => {
  redis = await ownRedis();
  smtp = await smtpSink();
  server = await testServer({ redisUrl: redis.url, env: { SMTP_URL: smtp.url } });
  instead = standIn(server.app, quiet);
});
afterAll(async () => {
  await worker?.close();
  await instead.close();
  await server.close();
  await smtp.close();
  await redis.close();
});

it("a server tells of incidents and goes on with escalations while no worker runs or Redis is away, and only then", async () => {
  const [channel, policy, route] = [uuidv7(), uuidv7(), uuidv7()];
  const own = (text: string, values: unknown[] = []) =>
    server.app.db.query(server.ours, text, [server.ours, ...values]);
  await own(`INSERT INTO alert_channels (organization_id, id, kind, name, config)
    VALUES ($1, '${channel}', 'EMAIL', 'post', '{"to": ["ann@clinic.example"]}')`);
  await own(
    `INSERT INTO escalation_policies (organization_id, id, name, steps, repeats) VALUES ($1, '${policy}', 'p', $2, 0)`,
    [JSON.stringify([{ delayS: 0, tell: [{ kind: "CHANNEL", id: channel }] }])],
  );
  await own(`INSERT INTO alert_routes (organization_id, id, name, position, matchers, group_by, mute_times, escalation_policy_id)
    VALUES ($1, '${route}', 'r', 1, '[]', '{}', '[]', '${policy}')`);
  await own(
    `INSERT INTO alert_route_channels (organization_id, route_id, channel_id) VALUES ($1, '${route}', '${channel}')`,
  );
  const subjects = () => smtp.mails.map(({ source }) => /^Subject: (.*)$/m.exec(source)?.[1] ?? "");
  const told = async (mails: number): Promise<void> => {
    await expect.poll(() => instead.look()).toBe(true); // one look is not believed
    await expect.poll(() => subjects().length, { timeout: 15_000 }).toBe(mails);
    expect(
      subjects()
        .slice(-2)
        .filter((subject) => subject.startsWith("Not acknowledged")),
    ).toHaveLength(1);
  };
  await server.failLogins("nobody works", { times: 10 });
  expect(await instead.look()).toBe(false);
  await told(2);
  await redis.kill();
  await server.failLogins("nobody can", { times: 10 });
  await told(4);
  await redis.start();
  worker = await workJobs({ redisUrl: redis.url }, server.app.sweep, quiet);
  await expect.poll(() => instead.look(), { timeout: 30_000 }).toBe(false);
}, 90_000);
