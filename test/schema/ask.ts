/** The schema executed for a viewer, over the real database, as the server would. */
import { createYoga } from "graphql-yoga";
import type { Viewer } from "../../src/access/viewer.ts";
import { schema } from "../../src/schema/schema.ts";
import { createMask } from "../../src/server/mask.ts";
import { quiet, type TestDatabase } from "../support/database.ts";

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
export type Answer = any;

/**
 * Sends a query as the viewer; what is not said of the viewer is an ADMIN of the first organization. `services`: more than
 * the database, where the query needs it.
 */
export function asker(test: TestDatabase, services: object = {}) {
  return async (query: string, variables: object = {}, as: Partial<Viewer> = {}): Promise<Answer> => {
    const organizationId = test.organizations[0]?.id as string;
    const viewer: Viewer = {
      organizationId,
      kind: "USER",
      id: "cli",
      name: "ada@demo.example",
      role: "ADMIN",
      expiresAt: undefined,
      ...as,
    };
    const context = {
      viewer,
      services: {
        log: quiet,
        db: test.db,
        refused: async () => {},
        now: Date.now,
        change: test.db.inOrganization,
        ...services,
      },
      closing: new AbortController().signal,
    };
    const yoga = createYoga({
      schema,
      logging: false,
      maskedErrors: { maskError: createMask(quiet) },
      context: context as never,
    });
    const response = await yoga.fetch("http://test/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  };
}
