/** What each organization of a crash run wants: to be told by webhook and e-mail, and the attacker's address blocked. */
import type { VigilClient } from "../../src/client/index.ts";

const channel = `mutation ($input: AlertChannelCreateInput!) {
  alertChannelCreate(input: $input) { alertChannel { id } userErrors { message } }
}`;
const route = `mutation ($input: AlertRouteInput!) {
  alertRouteCreate(input: $input) { alertRoute { id } userErrors { message } }
}`;
const webhook = `mutation ($input: ResponseWebhookCreateInput!) {
  responseWebhookCreate(input: $input) { responseWebhook { id } userErrors { message } }
}`;
const rule = `mutation ($input: ResponseRuleCreateInput!) {
  responseRuleCreate(input: $input) { responseRule { id } userErrors { message } }
}`;
const organization = `mutation ($input: OrganizationUpdateInput!) {
  organizationUpdate(input: $input) { userErrors { message } }
}`;

export async function setUp(client: VigilClient, slug: string, sinkPort: number): Promise<void> {
  const change = async (document: string, input: object): Promise<Record<string, { id: string }>> => {
    const [answer] = Object.values(await client.mutate(document, { input }));
    const { userErrors, ...made } = answer as { userErrors: { message: string }[] };
    if (userErrors.length > 0) throw new Error(userErrors.map(({ message }) => message).join(" "));
    return made as unknown as Record<string, { id: string }>;
  };
  const at = (path: string): string => `http://127.0.0.1:${sinkPort}/${path}/${slug}`;
  const hook = await change(channel, {
    kind: "WEBHOOK",
    name: "hook",
    perMinute: 10_000,
    test: false,
    webhook: { url: at("hook") },
  });
  const mail = await change(channel, {
    kind: "EMAIL",
    name: "mail",
    perMinute: 10_000,
    test: false,
    email: { to: [`${slug}@clinic.example`] },
  });
  const ids = [hook, mail].map(({ alertChannel }) => (alertChannel as { id: string }).id);
  await change(route, { name: "all", channelIds: ids, groupWaitSeconds: 0, groupIntervalSeconds: 0 });
  await change(webhook, { name: "firewall", url: at("call") });
  await change(organization, { responseCap: 10_000 });
  await change(rule, {
    name: "Block whoever attacks",
    mode: "ACTIVE",
    conditions: { subjectKinds: ["ADDRESS"] },
    actions: [
      { type: "BLOCK_IP", ttl: "PT6H" }, // longer than any run: what ends at the end tells of itself while that is checked
      { type: "CALL_WEBHOOK", webhook: "firewall", ttl: "PT6H" },
    ],
  });
}
