/** What there is to know of a database that goes away while it is used, or has no connection left for an organization. */
import type pg from "pg";
import { VigilError } from "./errors.ts";

/**
 * A connection that is lost says so to whoever runs a statement on it, and as an event besides, which ends the process
 * where nobody listens. A pool listens while a connection is idle only: between two statements of a transaction nobody does.
 */
export function outliveLoss<Client extends pg.ClientBase>(client: Client): Client {
  return client.on("error", () => undefined);
}

/** Where containers run, a database that is away has no name either. */
const ofNetwork = /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|E(HOST|NET)UNREACH|ENOTFOUND|EAI_AGAIN)$/;
/** Of PostgreSQL (classes 08 and 57P, and no more room for connections), and of Prisma. */
const ofServer = /^(08\w{3}|57P0[123]|53300|P10(01|02|08|17)|P2024)$/;
/** What pg says without a code. */
const words =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout)/;
const deepest = 5; // causes

/** Whether an error comes of a database that cannot be reached or has just gone: the same may go well in a moment. */
export function isDatabaseAway(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < deepest && at instanceof Error; depth++) {
    const { code, errors } = at as { code?: unknown; errors?: unknown };
    if ((typeof code === "string" && (ofNetwork.test(code) || ofServer.test(code))) || words.test(at.message))
      return true;
    if (Array.isArray(errors) && errors.some(isDatabaseAway)) return true; // of a name with several addresses
    at = at.cause;
  }
  return false;
}

/** What whoever asked is told then. */
export const databaseAway = (): VigilError =>
  new VigilError("UNAVAILABLE", "The database does not answer just now: try again in a moment.");

const spent = "RATE_LIMITED";

/** For who waited too long for the organization's share of connections (database/shares.ts): it asks for too much at once. */
export function shareSpent(): VigilError {
  const retryAfterSeconds = 1;
  const http = { status: 429, headers: { "retry-after": String(retryAfterSeconds) } }; // as GraphQL's answers take it
  return new VigilError(spent, "The organization asks for too much at once: try again in a second.", {
    detail: { retryAfterSeconds, http },
  });
}

/** That refusal again, of which Prisma keeps the code and makes an error of its own; everything else as it is. */
export function spentOr(error: unknown): unknown {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  return name === "PrismaClientKnownRequestError" && code === spent ? shareSpent() : error;
}
