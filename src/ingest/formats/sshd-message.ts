import type { SshdKind, SshdReading } from "./sshd-fact.ts";
import { readLogIn, readMethod, readPam, readPamFailure, readRefusal } from "./sshd-login.ts";
import { lastFrom, placeAtStart, placesAfterUser } from "./sshd-place.ts";

type Read = (rest: string, preauth: boolean) => SshdReading | undefined;

const nothing = (): SshdReading => ({ ignored: "sshd message without a security event" });
const atEnd = (after: string): boolean => after === "";

/** How each message begins, and what reads the rest. The most frequent come first. */
const messages: [prefix: string, read: Read][] = [
  ["Failed ", readMethod("failed")],
  ["Accepted ", readMethod("accepted")],
  ["Invalid user ", readLogIn("invalid-user", { invalidUser: true })],
  ["Illegal user ", readLogIn("invalid-user", { invalidUser: true })],
  ["Connection closed by ", readEnd("closed")],
  ["Connection reset by ", readEnd("reset")],
  ["Disconnected from ", readEnd("disconnected")],
  ["Disconnecting ", readEnd("disconnected")],
  ["pam_", readPamFailure],
  ["PAM ", readPamFailure],
  ["PAM: ", readPam],
  ["Received disconnect from ", () => ({ ignored: "the client said good-bye" })],
  ["maximum authentication attempts exceeded for ", readLogIn("attempts-exceeded")],
  ["User ", readRefusal],
  ["ROOT LOGIN REFUSED FROM ", (rest) => atStart("root-refused", rest, { user: "root" })],
  ["Partial ", readMethod("partial")],
  ["Postponed ", () => ({ ignored: "the log-in is not finished" })],
  ["Timeout before authentication for connection from ", (rest) => atStart("timeout", rest)],
  ["Timeout before authentication for ", (rest) => atStart("timeout", rest)],
  ["Unable to negotiate with ", (rest) => atStart("negotiation", rest)],
  ["banner exchange: Connection from ", (rest) => atStart("protocol", rest)],
  ["Protocol major versions differ for ", (rest) => atStart("protocol", rest)],
  ["Did not receive identification string from ", (rest) => atStart("protocol", rest)],
  ["Bad protocol version identification ", readLast("protocol")],
  ["Magic value check failed ", readLast("magic-value")],
  ["ssh_dispatch_run_fatal: Connection from ", readBroken],
  ["refused connect from ", readRefused],
  ["drop connection #", readDropped],
];

/** Reads one message of sshd, without syslog prefix. */
export function readSshdMessage(message: string): SshdReading {
  let text = message.trimEnd();
  const preauth = text.endsWith("[preauth]");
  if (preauth) text = text.slice(0, -9).trimEnd();
  if (text.startsWith("error: ") || text.startsWith("fatal: ")) text = text.slice(7);
  for (const [prefix, read] of messages) {
    if (text.startsWith(prefix)) return read(text.slice(prefix.length), preauth) ?? nothing();
  }
  return nothing();
}

function atStart(kind: SshdKind, rest: string, more: { user?: string } = {}): SshdReading | undefined {
  const place = placeAtStart(rest);
  if (place === undefined) return undefined;
  const detail = place.after.replace(/^[:\s]+/, "");
  return { kind, host: place.host, port: place.port, ...(detail === "" ? {} : { detail }), ...more };
}

function readLast(kind: SshdKind): Read {
  return (rest) => {
    const place = lastFrom(rest, atEnd);
    return place && { kind, host: place.host, port: place.port, detail: place.before };
  };
}

/** `[authenticating |invalid ]user X HOST port N` or `HOST port N`. */
function readSubject(rest: string): { user?: string; invalidUser?: boolean; text: string } | undefined {
  const match = /^(authenticating |invalid )?user /.exec(rest);
  if (match === null) return undefined;
  return { invalidUser: match[1] === "invalid ", text: rest.slice(match[0].length) };
}

/** The end of a connection is a failed log-in only where none had succeeded: sshd says so with "[preauth]". */
function readEnd(kind: SshdKind): Read {
  return (rest, preauth) => {
    const loggedIn = rest.startsWith("user ") || !(preauth || /^(?:authenticating|invalid) user /.test(rest));
    if (loggedIn) return { ignored: "a connection ended" };
    return readAfterUser(kind, rest);
  };
}

function readBroken(rest: string): SshdReading | undefined {
  return readAfterUser("dispatch", rest);
}

/**
 * "Change of username or service not allowed: (a,ssh-connection) -> (b,ssh-connection)" is the one reason that the
 * client words. Its message ends in a bracket, and names no place if more than one could be the true one.
 */
function readAfterUser(kind: SshdKind, rest: string): SshdReading | undefined {
  const subject = readSubject(rest);
  if (subject === undefined) return atStart(kind, rest);
  const { invalidUser = false } = subject;
  const places = placesAfterUser(subject.text);
  const [last] = places;
  if (last === undefined) return undefined;
  if (places.length > 1 && last.after.endsWith(")")) return { kind, invalidUser };
  const detail = last.after.slice(2);
  const fact = { kind, user: last.before, host: last.host, port: last.port, invalidUser };
  return detail === "" ? fact : { ...fact, detail };
}

/** libwrap: `HOST (ADDRESS)`, `IDENT@HOST (ADDRESS)` or an address alone. */
function readRefused(rest: string): SshdReading | undefined {
  const match = /\((\S{1,255})\)$/.exec(rest.slice(-260)) ?? /([^\s@]{1,255})$/.exec(rest.slice(-256));
  return match === null ? undefined : { kind: "refused", host: match[1] };
}

function readDropped(rest: string): SshdReading | undefined {
  const match = /^\d{1,9} from \[([^\]\s]{1,255})\]:(\d{1,5}) on \S+ (.*)$/s.exec(rest);
  if (match === null) return undefined;
  return { kind: "dropped", host: match[1], port: Number(match[2]), detail: match[3] };
}
