/** What may stand for a GraphQL document: its text, a codegen document, or a parsed one. */
import { print } from "graphql/language/printer.js";

/** A document that knows its result and its variables, as GraphQL Code Generator makes it (either documentMode). */
export interface TypedDocument<Result, Variables> {
  __apiType?: (variables: Variables) => Result;
}

/** A parsed document, as `gql` of graphql-tag and `parse` of graphql make it. */
export interface ParsedDocument {
  kind: "Document";
  definitions: readonly unknown[];
}

/** Text (then say what comes back: `query<Result>(…)`), a TypedDocumentString, or a TypedDocumentNode. */
export type Document<Result, Variables> =
  | string
  | (TypedDocument<Result, Variables> & (ParsedDocument | { toString(): string; valueOf(): string }));

const printed = new WeakMap<object, string>();

/** The document as it is sent. */
export function textOf(document: Document<never, never> | Document<unknown, unknown>): string {
  if (typeof document === "string") return document;
  if (!("kind" in document)) return String(document);
  const text = printed.get(document) ?? print(document as never);
  printed.set(document, text);
  return text;
}
