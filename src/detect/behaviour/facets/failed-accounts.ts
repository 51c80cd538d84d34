/**
 * The accounts that each address tried and did not get into, for a day. People who mistype get in a moment later, and then
 * they are none of these; so an office behind one address has few. All disguised.
 */
import { networkOf } from "../../../address.ts";
import type { SecurityEvent } from "../../../ingest/event.ts";
import { isFailedLogIn, isLogIn, userOf } from "../deeds.ts";
import type { Facet, Surroundings } from "../facet.ts";
import { findKey, keyLength, readNumber, shortKey, shortNumber } from "../short-key.ts";

export interface FailedAccounts {
  /** Hours since 1970, of the latest event. */
  hour: number;
  /**
   * The address that failed last at the end. Failed: entries of seven characters, the account and the hour; the latest at
   * the end. Entered: the accounts that were got into from there since the first of these.
   */
  addresses: [address: string, failed: string, entered: string][];
}

const hourMs = 3_600_000;
const entry = keyLength + 2;
const around = 4_096; // hours that a number tells apart
const hoursKept = 24;
const mostAddresses = 16;
/** So many accounts of an address are told apart. */
export const mostFailed = 24;
const mostEntered = 32; // more, so that a busy office always shows more who got in

export const failedAccounts: Facet<FailedAccounts> = {
  name: "failed_accounts",
  of: "ORGANIZATION",
  concerns: (event) => addressOf(event) !== undefined && userOf(event) !== undefined && isTry(event),
  empty: () => ({ hour: 0, addresses: [] }),
  learn(state, event, seen) {
    const hour = Math.floor(event.time / hourMs);
    if (hour <= state.hour - hoursKept) return; // a log that comes days late
    if (hour > state.hour) advance(state, hour);
    const [address, account] = keysOf(event, seen);
    const known = state.addresses.find(([each]) => each === address);
    if (isLogIn(event)) {
      if (known) enter(state, known, account);
      return;
    }
    if (known && findKey(known[2], account, keyLength) >= 0) return;
    const now = account + shortNumber(hour % around);
    if (!known) {
      if (state.addresses.length >= mostAddresses) makeRoom(state);
      state.addresses.push([address, now, ""]);
      return;
    }
    known[1] = (without(known[1], account) + now).slice(-mostFailed * entry);
    state.addresses.push(...state.addresses.splice(state.addresses.indexOf(known), 1));
  },
};

function isTry(event: SecurityEvent): boolean {
  return isFailedLogIn(event) || isLogIn(event);
}

/** Whoever has an IPv6 network has all of its addresses. */
export function addressOf({ source }: SecurityEvent): string | undefined {
  return source?.ip === undefined ? undefined : (networkOf(source.ip) ?? source.ip);
}

/** However an account's name is typed, it is one. */
function keysOf(event: SecurityEvent, surroundings: Surroundings): [address: string, account: string] {
  const account = (userOf(event) ?? "").trim().toLowerCase();
  return [shortKey("address", addressOf(event) ?? "", surroundings), shortKey("account", account, surroundings)];
}

function advance(state: FailedAccounts, hour: number): void {
  state.hour = hour;
  for (const each of state.addresses) each[1] = recent(each[1], hour);
  state.addresses = state.addresses.filter(([, failed]) => failed !== "");
}

function recent(failed: string, hour: number): string {
  let kept = "";
  for (let at = 0; at < failed.length; at += entry) {
    const age = (hour - readNumber(failed, at + keyLength) + around) % around;
    if (age < hoursKept) kept += failed.slice(at, at + entry);
  }
  return kept;
}

function without(failed: string, account: string): string {
  const at = findKey(failed, account, entry);
  return at < 0 ? failed : failed.slice(0, at) + failed.slice(at + entry);
}

function enter(state: FailedAccounts, known: FailedAccounts["addresses"][number], account: string): void {
  known[1] = without(known[1], account);
  if (findKey(known[2], account, keyLength) < 0) known[2] = (known[2] + account).slice(-mostEntered * keyLength);
  if (known[1] === "") state.addresses.splice(state.addresses.indexOf(known), 1);
}

/** Forgets the address with the fewest accounts; of these the one that was quiet longest. */
function makeRoom({ addresses }: FailedAccounts): void {
  const least = Math.min(...addresses.map(([, failed]) => failed.length));
  addresses.splice(
    addresses.findIndex(([, failed]) => failed.length === least),
    1,
  );
}

export interface Tried {
  /** Accounts that were tried from the address within a day and not got into, this event's among them if it failed. */
  failed: number;
  entered: number;
  /** The event's account is not among them yet. */
  isNew: boolean;
}

export function triedFrom(state: FailedAccounts | undefined, event: SecurityEvent, seen: Surroundings): Tried {
  const [address, account] = keysOf(event, seen);
  const known = state?.addresses.find(([each]) => each === address);
  if (!state || !known) return { failed: 0, entered: 0, isNew: true };
  const others = recent(without(known[1], account), Math.max(state.hour, Math.floor(event.time / hourMs)));
  const hasEntered = findKey(known[2], account, keyLength) >= 0;
  const isSuccess = isLogIn(event);
  return {
    failed: others.length / entry + (isSuccess || hasEntered ? 0 : 1),
    entered: known[2].length / keyLength + (isSuccess && !hasEntered ? 1 : 0),
    isNew: !hasEntered && (isSuccess || findKey(recent(known[1], state.hour), account, entry) < 0),
  };
}
