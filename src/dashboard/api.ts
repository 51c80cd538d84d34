/**
 * All that the dashboard knows of the server: typed documents go out, their results come back. The session's cookie goes
 * along by itself; no script can read it.
 */
import { type Client, createClient } from "graphql-ws";
import type { TypedDocumentString } from "./generated/graphql.ts";

/** Why the API refused: `code` is for programs, `message` for people. */
export class ApiError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** How the live connection stands. */
export type ConnectionState = "CONNECTING" | "LIVE" | "LOST";

let connection: ConnectionState = "CONNECTING";
const connectionListeners = new Set<() => void>();
const signedOutListeners = new Set<() => void>();
let client: Client | undefined;

function setConnection(state: ConnectionState): void {
  if (connection === state) return;
  connection = state;
  for (const listener of connectionListeners) listener();
}

/** For useSyncExternalStore: the state of the live connection. */
export const connectionState = {
  get: (): ConnectionState => connection,
  listen(listener: () => void): () => void {
    connectionListeners.add(listener);
    return () => connectionListeners.delete(listener);
  },
};

/** Tells when the server no longer knows the session. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

function tellSignedOut(): void {
  for (const listener of signedOutListeners) listener();
}

interface Reply<Result> {
  data?: Result | null;
  errors?: { message: string; extensions?: { code?: string } }[];
  error?: { code: string; message: string };
}

async function send<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "x-vigil-csrf": "1" },
    body: JSON.stringify({ query: document.toString(), variables }),
    signal: signal ?? null,
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError("", "UNREACHABLE");
  });
  const reply = (await response.json().catch(() => ({}))) as Reply<Result>;
  const fault = reply.errors?.[0];
  if (fault || reply.error || reply.data === undefined || reply.data === null) {
    const code =
      fault?.extensions?.code ?? reply.error?.code ?? (response.status === 401 ? "UNAUTHENTICATED" : "INTERNAL");
    if (code === "UNAUTHENTICATED") tellSignedOut();
    throw new ApiError(fault?.message ?? reply.error?.message ?? response.statusText, code);
  }
  return reply.data;
}

/** Reads. Throws ApiError. */
export const query = send;

/** Changes something: why not is in the payload's `userErrors`. Throws ApiError. */
export const mutate = <Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> => send(document, variables);

function socket(): Client {
  const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`;
  client ??= createClient({ url, retryAttempts: 0, keepAlive: 15_000, lazyCloseTimeout: 2_000 });
  return client;
}

const shortestWait = 500; // ms before a lost connection is tried again; doubles
const longestWait = 15_000;
const forbidden = 4403; // graphql-transport-ws: whoever this was may no longer listen

/**
 * Follows a subscription, across lost connections, until the returned function is called. `variables` is asked for each
 * time a connection is made: give the cursor of the last value in it, to go on exactly behind that.
 */
export function follow<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: () => Variables,
  onValue: (value: Result) => void,
  onRefused: (error: ApiError) => void = () => {},
): () => void {
  let stopped = false;
  let wait = shortestWait;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let leave: () => void = () => {};

  function start(): void {
    leave = socket().subscribe<Result>(
      { query: document.toString(), variables: variables() as Record<string, unknown> },
      {
        next({ data, errors }) {
          wait = shortestWait;
          setConnection("LIVE");
          if (data) onValue(data);
          else if (errors?.[0]) onRefused(new ApiError(errors[0].message, String(errors[0].extensions?.["code"])));
        },
        error(error) {
          if (Array.isArray(error)) {
            // The operation was refused: asking again would not change that.
            onRefused(new ApiError(error[0]?.message ?? "", String(error[0]?.extensions?.code)));
          } else {
            if ((error as CloseEvent | undefined)?.code === forbidden) tellSignedOut();
            again();
          }
        },
        complete: () => again(),
      },
    );
  }

  function again(): void {
    if (stopped) return;
    setConnection("LOST");
    timer = setTimeout(start, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, longestWait);
  }

  start();
  const off = socket().on("connected", () => {
    wait = shortestWait;
    setConnection("LIVE");
  });
  return () => {
    stopped = true;
    clearTimeout(timer);
    off();
    leave();
  };
}

/** Redeems a one-time sign-in link's token for a session cookie. Throws ApiError: why it does not sign in. */
export async function redeemLink(token: string): Promise<void> {
  const response = await fetch("/sign-in", {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams({ token }),
  });
  if (!response.ok) throw await refusalOf(response);
}

/** Asks for a sign-in link by e-mail. Throws ApiError, NOT_FOUND: this server sends none. */
export async function requestLink(email: string, organization?: string): Promise<void> {
  const response = await fetch("/sign-in/link", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, ...(organization ? { organization } : {}) }),
  });
  if (!response.ok) throw await refusalOf(response);
}

/** Ends the session on the server, which takes the cookie back, and closes the live connection. */
export async function signOut(): Promise<void> {
  await fetch("/sign-out", { method: "POST" }).catch(() => undefined);
  void client?.dispose();
  client = undefined;
  tellSignedOut();
}

async function refusalOf(response: Response): Promise<ApiError> {
  const { error } = (await response.json().catch(() => ({}))) as Reply<never>;
  return new ApiError(error?.message ?? response.statusText, error?.code ?? "INTERNAL");
}
