/** Asks an application's GraphQL without a server before it, as an administrator of an organization. */

import { randomUUID } from "node:crypto";
import type { Services } from "../../src/schema/context.ts";
import { createFanOut } from "../../src/server/fan-out.ts";
import { createGraphQL } from "../../src/server/graphql.ts";
import { createMask } from "../../src/server/mask.ts";
import { quiet } from "./database.ts";

export function executor(services: Services, organizationId: string): (query: string) => Promise<Response> {
  const closing = new AbortController().signal;
  const { yoga } = createGraphQL(services, { fanOut: createFanOut(createMask(quiet), closing) });
  const viewer = { organizationId, kind: "USER", id: randomUUID(), name: "ada@clinic.example", role: "ADMIN" };
  const headers = { "content-type": "application/json", accept: "application/json", authorization: "Bearer x" };
  return async (query) => {
    const request = { method: "POST", headers, body: JSON.stringify({ query }) };
    return yoga.fetch("http://test/graphql", request, { viewer, services, closing } as never);
  };
}
