/** Requests that Node.js hands over by its event `upgrade`, as for WebSockets: they come through no middleware. */
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { nodeFacts } from "./facts.ts";
import { mfaAnswer } from "./mfa.ts";
import type { Monitor, Verdict } from "./monitor.ts";
import { answerOf } from "./refuse.ts";

type Refusal = Exclude<Verdict["kind"], "PASS">;

/** Hands the connection over by `next`, or answers it and ends it. Never rejects. */
export async function watchUpgrade(
  monitor: Monitor,
  message: IncomingMessage,
  socket: Duplex,
  next: () => void,
): Promise<void> {
  // Node.js no longer listens, and the host does not yet: a client that left would end the process.
  socket.on("error", () => undefined);
  let refusal: Refusal | undefined;
  try {
    const exchange = monitor.begin(nodeFacts(message, monitor.settings.proxies), message);
    onceAnswered(socket, (status) => {
      exchange.status = status;
      monitor.end(exchange);
    });
    await monitor.identify(exchange);
    const verdict = monitor.judge(exchange);
    if (verdict.kind === "PASS") monitor.connections.add(socket, { exchange, allowed: undefined });
    else if ((await mfaAnswer(exchange, verdict, message)) !== true) refusal = verdict.kind;
    else if (verdict.kind === "FORCE_MFA") monitor.connections.add(socket, { exchange, allowed: verdict.id });
  } catch (error) {
    monitor.faults.note("INTERNAL", `a request is not watched: ${(error as Error).message}`, error);
  }
  if (refusal) refuse(socket, refusal);
  else queueMicrotask(next); // what the host's listener throws is the host's
}

function refuse(socket: Duplex, kind: Refusal): void {
  const { status, headers, body } = answerOf(kind);
  const fields = { ...headers, connection: "close", "content-length": Buffer.byteLength(body) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once("finish", () => socket.destroy()); // else a client that does not close its half would keep it
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`);
}

/** Tells the status of the answer, which is the first that is written; 0: the connection closed before. */
function onceAnswered(socket: Duplex, tell: (status: number) => void): void {
  let isTold = false;
  const hear = (written: unknown): void => {
    if (isTold) return;
    isTold = true;
    tell(Number(/^HTTP\/1\.1 (\d{3})/.exec(String(written))?.[1] ?? 0));
  };
  for (const name of ["write", "end"] as const) {
    const own = socket[name] as (...given: unknown[]) => never;
    socket[name] = (...given: unknown[]) => {
      hear(given[0]);
      return own.apply(socket, given);
    };
  }
  socket.once("close", () => hear(undefined));
}
