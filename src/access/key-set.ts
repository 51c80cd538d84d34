/**
 * The public keys of an identity provider (JWKS), fetched from one configured address and nowhere else.
 * A strange key id makes it look again, though at most once in the cooldown; a provider that is down does not lock
 * people out for an hour; a key that it has removed stops within the refresh time.
 */
import { createLocalJWKSet, errors, type FlattenedJWSInput, type JSONWebKeySet, type JWSHeaderParameters } from "jose";
import { VigilError } from "../errors.ts";
import type { Log } from "../log.ts";

const cooldown = 30_000; // 30 seconds between two fetches, however many strange keys are asked for
const refreshAfter = 300_000; // 5 minutes: how long a removed key may go on
const usableFor = 3_600_000; // 1 hour: how long the last keys are believed while the provider does not answer
const timeout = 5_000; // 5 seconds for an answer
const largest = 262_144; // 256 KiB of keys

type Finder = ReturnType<typeof createLocalJWKSet>;

export interface KeySet {
  /** The key of this token; throws a JOSEError where there is none, a VigilError UNAVAILABLE where none can be had. */
  find(header: JWSHeaderParameters, token: FlattenedJWSInput): ReturnType<Finder>;
}

export function createKeySet({ url, now, log }: { url: string; now: () => number; log: Log }): KeySet {
  let keys: { find: Finder; at: number } | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY; // when it was asked last and did not answer

  async function fetchKeys(): Promise<void> {
    const at = now();
    try {
      const answer = await fetch(url, {
        headers: { accept: "application/jwk-set+json, application/json" },
        redirect: "error",
        signal: AbortSignal.timeout(timeout),
      });
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      keys = { find: createLocalJWKSet(JSON.parse(await readText(answer)) as JSONWebKeySet), at };
      failedAt = Number.NEGATIVE_INFINITY;
    } catch (error) {
      failedAt = now();
      log.warn({ err: (error as Error).message }, "the identity provider's keys could not be fetched");
    }
  }

  /** A clock set back makes a moment of the future: it has passed, too. */
  function hasPassed(span: number, since: number): boolean {
    const age = now() - since;
    return age < 0 || age >= span;
  }

  /** Looks again, unless that was done within the cooldown. */
  async function refresh(): Promise<void> {
    if (!fetching && hasPassed(cooldown, triedAt)) {
      triedAt = now();
      fetching = fetchKeys().finally(() => {
        fetching = undefined;
      });
    }
    await fetching;
  }

  function isUsable(known: typeof keys): known is { find: Finder; at: number } {
    return known !== undefined && now() - known.at < usableFor;
  }

  function current(): { find: Finder; at: number } {
    if (isUsable(keys)) return keys;
    throw new VigilError("UNAVAILABLE", "The identity provider's keys cannot be had just now: try again in a minute");
  }

  return {
    async find(header, token) {
      if (!keys || hasPassed(refreshAfter, keys.at)) {
        const isDown = !hasPassed(refreshAfter, failedAt);
        const looked = refresh();
        if (!isDown || !isUsable(keys)) await looked; // one that hangs holds people up once, not again and again
      }
      const known = current();
      try {
        return await known.find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        await refresh();
        if (current() === known) throw error;
        return await current().find(header, token);
      }
    },
  };
}

async function readText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (answer.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > largest) throw new Error("it sent too much");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
