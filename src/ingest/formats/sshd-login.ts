import type { SshdFact, SshdKind, SshdReading } from "./sshd-fact.ts";
import { firstFrom, lastFrom, type Place } from "./sshd-place.ts";

const invalidUser = /^(?:invalid|illegal) user /;
/** After a key log-in: type and fingerprint, or a Kerberos principal. No blank or quote that a key id could bring in. */
const keyAtEnd = /^: (?:[A-Z0-9-]+ (?:SHA256:|MD5:|[0-9a-f]{2}:)[\w+/:=]*|[^\s"]+)$/;

const atEnd = (after: string): boolean => after === "";
const atEndOrKey = (after: string): boolean => after === "" || keyAtEnd.test(after);

/** `[invalid user ]X from HOST port N[ ssh2]` */
export function readLogIn(kind: SshdKind, known: { invalidUser?: boolean } = {}) {
  return (rest: string): SshdFact | undefined => {
    // The blank stands for a name that was left out; names are never trimmed.
    const place = lastFrom(rest, atEnd);
    return place && subject(kind, rest, place, known);
  };
}

/** `METHOD for [invalid user ]X from HOST port N ssh2[: KEY]` */
export function readMethod(kind: "failed" | "accepted" | "partial") {
  return (rest: string): SshdReading | undefined => {
    const split = rest.indexOf(" for ");
    if (split <= 0) return undefined;
    const method = rest.slice(0, split);
    const who = rest.slice(split + 5);
    const place = methodPlace(who);
    if (place === undefined) return undefined;
    const fact = subject(kind === "failed" && method === "none" ? "failed-none" : kind, who, place);
    fact.method = method;
    if (place.after !== "") fact.detail = place.after.slice(2);
    return fact;
  };
}

/**
 * A key's own text follows "ssh2: ", and a certificate's id in it is free text. But sshd looks at keys only for users that
 * exist, so where such text follows, the name is not the attacker's and the first place is the true one.
 */
function methodPlace(who: string): Place | undefined {
  if (invalidUser.test(who)) return lastFrom(who, atEnd);
  return lastFrom(who, atEndOrKey) ?? firstFrom(who);
}

function subject(kind: SshdKind, text: string, place: Place, known: { invalidUser?: boolean } = {}): SshdFact {
  const prefix = known.invalidUser === true ? null : invalidUser.exec(text);
  const fact: SshdFact = { kind, host: place.host, port: place.port };
  const user = prefix === null ? place.before : place.before.slice(prefix[0].length);
  if (user !== "") fact.user = user;
  if (prefix !== null || known.invalidUser === true) fact.invalidUser = true;
  return fact;
}

const notAllowed = " not allowed because ";

/** `X from HOST not allowed because REASON` */
export function readRefusal(rest: string): SshdReading | undefined {
  const reason = rest.lastIndexOf(notAllowed);
  if (reason < 0) return undefined;
  const place = lastFrom(rest.slice(0, reason), atEnd);
  if (place === undefined) return undefined;
  return { ...subject("not-allowed", "", place), detail: rest.slice(reason + notAllowed.length) };
}

/** sshd's own word on PAM: `REASON for [illegal user ]X from HOST` */
export function readPam(rest: string): SshdReading | undefined {
  const split = rest.indexOf(" for ");
  if (split < 0) return undefined;
  const who = rest.slice(split + 5);
  const place = lastFrom(who, atEnd);
  return place && { ...subject("pam-failure", who, place), detail: rest.slice(0, split) };
}

const pamModule = /^(\w+)\(sshd:auth\): authentication failure; /;
const pamMore = /^(\d+) more authentication failures?; /;
const pamFields = /^logname=\S* uid=\d* euid=\d* tty=\S* ruser=\S* rhost=(\S*)(?:\s+user=(.*))?$/s;

/** `pam_unix(sshd:auth): authentication failure; … rhost=HOST  user=X`, or `PAM N more authentication failures; …` */
export function readPamFailure(rest: string): SshdReading | undefined {
  const more = pamMore.exec(rest);
  const head = more ?? pamModule.exec(rest);
  if (head === null) return { ignored: "PAM message without a security event" };
  const fields = pamFields.exec(rest.slice(head[0].length));
  if (fields === null) return { ignored: "PAM failure without an address" };
  const fact: SshdFact = { kind: more === null ? "pam-failure" : "pam-more" };
  if (fields[1]) fact.host = fields[1];
  if (fields[2]) fact.user = fields[2];
  if (more !== null) fact.detail = `${more[1]} failures`;
  else fact.module = head[1];
  return fact;
}
