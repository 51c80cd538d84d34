/**
 * Documents that are known beforehand. Where they are the only ones allowed, anything else is refused to everybody, over
 * HTTP and WebSocket alike; there is no header that lifts it. A client names a document by the SHA-256 of its text
 * (`extensions.persistedQuery.sha256Hash`), or sends the text itself.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { usePersistedOperations } from "@graphql-yoga/plugin-persisted-operations";
import { GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";
import { z } from "zod";

/** Texts by their SHA-256 in hexadecimal. */
export type PersistedDocuments = ReadonlyMap<string, string>;

const file = z.record(z.string(), z.string());

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Reads a JSON object of documents by hash, as GraphQL Code Generator's client preset writes it. Throws where a hash is wrong. */
export async function readPersistedDocuments(path: string): Promise<PersistedDocuments> {
  const given = Object.entries(file.parse(JSON.parse(await readFile(path, "utf8"))));
  for (const [hash, text] of given) {
    if (hash !== sha256(text)) throw new Error(`${path}: ${hash} is not the SHA-256 of its document`);
  }
  return new Map(given);
}

export function persistedPlugins(known: PersistedDocuments): Plugin[] {
  return [
    usePersistedOperations({
      allowArbitraryOperations: true, // judged below, where sockets come by too
      getPersistedOperation: (hash) => known.get(hash) ?? null,
      customErrors: {
        notFound: () => refused(),
        keyNotFound: () =>
          new GraphQLError("Name a document", { extensions: { code: "BAD_USER_INPUT", http: { status: 400 } } }),
      },
    }) as Plugin,
    {
      onParse({ params }) {
        const text = typeof params.source === "string" ? params.source : params.source.body;
        if (!known.has(sha256(text))) throw refused();
      },
    },
  ];
}

function refused(): GraphQLError {
  const message = "This server answers documents that are known to it alone, and this is none of them";
  return new GraphQLError(message, { extensions: { code: "FORBIDDEN", http: { status: 403 } } });
}
