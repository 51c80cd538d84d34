import type { TestServer } from "../support/server.ts";

export interface Asked {
  // biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
  data: any;
  errors?: { message: string; extensions: { code: string } }[];
}

/** Sends a GraphQL document as it is written in the test. */
export async function ask(
  server: TestServer,
  query: string,
  variables: object = {},
  { as = server.admin, headers = {} }: { as?: string; headers?: Record<string, string> } = {},
): Promise<Asked> {
  const answer = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      authorization: `Bearer ${as}`,
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  });
  return (await answer.json()) as Asked;
}

/** The organization's audit entries behind number `after`, oldest first. */
export async function entriesOf(
  server: TestServer,
  { after = 0, organizationId = server.ours }: { after?: number; organizationId?: string } = {},
): Promise<
  {
    seq: number;
    actor: string;
    action: string;
    entity_kind: string;
    entity_id: string;
    detail: Record<string, unknown>;
  }[]
> {
  return server.database.asOwner(
    "SELECT seq::int, actor, action, entity_kind, entity_id, detail FROM security_audit_log WHERE organization_id = $1 AND seq > $2 ORDER BY seq",
    [organizationId, after],
  );
}

export async function lastSeq(server: TestServer, organizationId = server.ours): Promise<number> {
  const last = "SELECT coalesce(max(seq), 0)::int AS seq FROM security_audit_log WHERE organization_id = $1";
  return (await server.database.asOwner<{ seq: number }>(last, [organizationId]))[0]?.seq ?? 0;
}
