/** The operations of Vigil's API that the conformance run sends, as any client would. */
import type { Subject } from "../../src/detect/detection.ts";
import type { Rejection } from "../../src/ingest/event.ts";
import type { SentEvent } from "./engine.ts";

interface Detection {
  id: string;
  rule: { name: string };
  subjects: Subject[];
}

interface RuleRejection {
  document: number;
  line: number;
  code: string;
  message: string;
}

interface Page<Node> {
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

export interface Api {
  importRules(yaml: string): Promise<RuleRejection[]>;
  ingest(events: readonly SentEvent[]): Promise<{ rejected: Rejection[] }>;
  detections(): AsyncGenerator<Detection>;
  /** What was received since this time. */
  events(since: string): AsyncGenerator<SentEvent>;
}

const importMutation = `mutation ImportRules($input: AlertRulesImportInput!) { alertRulesImport(input: $input) { imported rejected { document line code message } alertRules { id name } userErrors { code message path } } }`;
const detectionsQuery = `query Detections($first: Int!, $after: String) { detections(first: $first, after: $after) { nodes { id fingerprint rule { id name } subjects { kind key } firstEventAt lastEventAt eventCount } pageInfo { hasNextPage endCursor } } }`;
const eventsQuery = `query Events($first: Int!, $after: String, $filter: SecurityEventFilter) {
  securityEvents(first: $first, after: $after, filter: $filter) {
    nodes {
      action actorEmail actorId actorName actorRoles attributes category clientId device httpMethod httpMore httpPath
      httpStatus logCategory message outcome product service sessionId severity sourceGeo sourceIp sourcePort targetId
      targetName targetType time userAgent
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

const first = 100; // the largest page

export function connect({ url, token, apiKey }: { url: string; token: string; apiKey: string | undefined }): Api {
  const base = url.replace(/\/+$/, "").replace(/\/graphql$/, "");

  async function graphql<Data>(query: string, variables: object): Promise<Data> {
    const answer = await post(`${base}/graphql`, token, JSON.stringify({ query, variables }));
    const { data, errors } = (await answer.json()) as { data?: Data; errors?: { message: string }[] };
    if (errors || !data) throw new Error(`the server answered ${answer.status}: ${errors?.[0]?.message}`);
    return data;
  }

  async function* pages<Node>(query: string, name: string, variables: object): AsyncGenerator<Node> {
    let after: string | null = null;
    for (;;) {
      const data: Record<string, Page<Node>> = await graphql(query, { first, after, ...variables });
      const { nodes, pageInfo } = data[name] as Page<Node>;
      yield* nodes;
      if (!pageInfo.hasNextPage) return;
      after = pageInfo.endCursor;
    }
  }

  return {
    async importRules(yaml) {
      const { alertRulesImport: answer } = await graphql<{
        alertRulesImport: { rejected: RuleRejection[]; userErrors: { message: string }[] };
      }>(importMutation, { input: { yaml, mode: "ACTIVE" } });
      if (answer.userErrors[0]) throw new Error(`the rules were not imported: ${answer.userErrors[0].message}`);
      return answer.rejected;
    },
    async ingest(events) {
      const answer = await post(`${base}/ingest`, apiKey ?? token, JSON.stringify(events));
      const body = (await answer.json()) as { rejected?: Rejection[]; error?: { message: string } };
      if (!body.rejected) throw new Error(`the server answered ${answer.status}: ${body.error?.message}`);
      return { rejected: body.rejected };
    },
    detections: () => pages<Detection>(detectionsQuery, "detections", {}),
    events: (since) => pages<SentEvent>(eventsQuery, "securityEvents", { filter: { receivedAt: { gte: since } } }),
  };
}

const busy = 429; // the server says how long to wait

async function post(url: string, credential: string, body: string): Promise<Response> {
  const headers = {
    "content-type": "application/json",
    accept: "application/json",
    authorization: `Bearer ${credential}`,
  };
  for (;;) {
    const answer = await fetch(url, { method: "POST", headers, body });
    if (answer.status !== busy) return answer;
    await new Promise((resolve) => setTimeout(resolve, 1_000 * Number(answer.headers.get("retry-after") ?? 1)));
  }
}
