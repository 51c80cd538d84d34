/**
 * All that the dashboard knows of the server: typed documents go out through our own client, their results come back. The
 * session's cookie goes along by itself; no script can read it.
 */
import { createClient, type ErrorCode, type StreamState, type VigilClient, VigilError } from "../client/index.ts";
import type { TypedDocumentString } from "./generated/graphql.ts";
import { words } from "./words.ts";

/** Why the API refused: `code` is for programs, `message` for people. */
export { VigilError as ApiError } from "../client/index.ts";

/** How the live connection stands. */
export type ConnectionState = "CONNECTING" | "LIVE" | "LOST";

const longestCall = 120_000; // ms: a backtest reads for long
const longestSignOut = 10_000; // ms until the server has to have confirmed it
let client: VigilClient | undefined;
let connection: ConnectionState = "CONNECTING";
const connectionListeners = new Set<() => void>();
type SignedOutListener = (leaving?: Promise<boolean>) => void;
const signedOutListeners = new Set<SignedOutListener>();

const server = (): VigilClient => (client ??= createClient({ retry: { timeout: longestCall } }));

function onState({ state }: StreamState): void {
  if (state === "live") setConnection("LIVE");
  else if (state === "waiting" || state === "offline") setConnection("LOST");
}

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

/** Tells when the server no longer knows the session, or one leaves: `leaving` is then whether the server confirms it. */
export function onSignedOut(listener: SignedOutListener): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

function tellSignedOut(leaving?: Promise<boolean>): void {
  for (const listener of signedOutListeners) listener(leaving);
}

/** Whether the server could not be asked: what is shown may stay, and is read anew once it can. */
export const isAway = ({ code }: VigilError): boolean => ["NETWORK", "TIMEOUT", "UNAVAILABLE"].includes(code);

/** Whether there can be nothing at the address that somebody typed or pasted. */
export const isNowhere = ({ code }: VigilError): boolean => ["BAD_USER_INPUT", "NOT_FOUND"].includes(code);

/** Whoever is no longer known has to sign in. Answers the error, to be thrown on, in words for people. */
function heard(error: unknown): unknown {
  if (!(error instanceof VigilError)) return error;
  if (error.code === "UNAUTHENTICATED") tellSignedOut();
  return isAway(error) ? new VigilError(error.code, words.states.unreachable, { cause: error }) : error;
}

type Text<Result, Variables> = TypedDocumentString<Result, Variables>;

/** Reads; tried again where it fails on the way. Throws ApiError. */
export async function query<Result, Variables>(
  document: Text<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  const ask = server().query as (...given: unknown[]) => Promise<Result>;
  return ask(document, variables, { signal }).catch((error: unknown) => {
    throw heard(error);
  });
}

/** Changes something, once: why not is in the payload's `userErrors`. Throws ApiError. */
export async function mutate<Result, Variables>(
  document: Text<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const ask = server().mutate as (...given: unknown[]) => Promise<Result>;
  return ask(document, variables).catch((error: unknown) => {
    throw heard(error);
  });
}

/** Follows a gauge or a tail, across lost connections, until the returned function is called. `onLive`: it begins, or again. */
export function watch<Result, Variables>(
  document: Text<Result, Variables>,
  variables: Variables,
  onValue: (value: Result) => void,
  { onLive, onRefused }: { onLive?: () => void; onRefused?: (error: VigilError) => void } = {},
): () => void {
  const subscribe = server().subscribe as (...given: unknown[]) => AsyncIterableIterator<Result>;
  const stream = subscribe(document, variables, {
    onState(state: StreamState) {
      onState(state);
      if (state.state === "live") onLive?.();
    },
  });
  return listen(stream, onValue, onRefused);
}

/**
 * Follows a durable stream, each change once, until the returned function is called; undefined: read anew, at its beginning
 * and where changes are lost.
 */
export function follow<Result>(
  document: Text<Result, { after?: string | null }>,
  onChange: (change: Result | undefined) => void,
  onRefused?: (error: VigilError) => void,
): () => void {
  const stream = server().follow<Result, { after?: string | null }, undefined>(
    document,
    {},
    { onState, snapshot: async () => undefined },
  );
  return listen(stream, (event) => onChange(event.type === "change" ? event.data : undefined), onRefused);
}

function listen<Event>(
  stream: AsyncIterableIterator<Event>,
  onEvent: (event: Event) => void,
  onRefused: (error: VigilError) => void = () => {},
): () => void {
  let isOver = false;
  async function read(): Promise<void> {
    for await (const event of stream) if (!isOver) onEvent(event);
  }
  read().catch((error: unknown) => {
    if (!isOver) onRefused(heard(error) as VigilError);
  });
  return () => {
    isOver = true;
    void stream.return?.();
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

/** Ends the session on the server, which takes the cookie back, and closes the live connection. What is shown goes first. */
export function signOut(): void {
  const leaving = fetch("/sign-out", { method: "POST", signal: AbortSignal.timeout(longestSignOut) });
  const left = client;
  client = undefined;
  setConnection("CONNECTING");
  tellSignedOut(leaving.then(({ ok }) => ok).catch(() => false));
  void left?.close();
}

async function refusalOf(response: Response): Promise<VigilError> {
  const { error } = (await response.json().catch(() => ({}))) as { error?: { code: ErrorCode; message: string } };
  return new VigilError(error?.code ?? "INTERNAL", error?.message ?? response.statusText);
}
