import { canonicalAddress } from "../../address.ts";
import type { SshdFact, SshdKind } from "./sshd-fact.ts";

const memory = 600_000; // 10 minutes: sshd allows 2 for a log-in, and process ids are used again
const maximumProcesses = 10_000;

/** Said before the attempt itself is: "Invalid user", PAM's failure, "not allowed". */
const announcements: ReadonlySet<SshdKind> = new Set(["invalid-user", "not-allowed", "pam-failure", "failed-none"]);
/** Said once more at the end of a connection whose attempts were all reported. */
const endings: ReadonlySet<SshdKind> = new Set(["closed", "reset", "disconnected", "attempts-exceeded", "pam-more"]);

interface Process {
  host: string | undefined;
  seen: number;
  /** Announcements of an attempt whose own "Failed" line has not come yet. */
  announced: Set<string>;
}

/**
 * sshd writes up to four lines about one failed attempt: "Invalid user", PAM's failure, "Failed password" and, at the end,
 * "Connection closed". One process serves one connection, so its lines tell which only repeat the attempt. Without this
 * a person who mistypes twice looks like someone who guesses eight passwords.
 */
export class SshdAttempts {
  #processes = new Map<string, Process>();

  /** True if the attempt that the fact is about has been reported by an earlier line of the same process. */
  repeats(fact: SshdFact, process: string, time: number): boolean {
    if (fact.kind === "accepted") {
      this.#processes.delete(process);
      return false;
    }
    const known = this.#known(fact, process, time);
    if (endings.has(fact.kind)) return known !== undefined;
    if (fact.kind === "failed") {
      const announced = known !== undefined && known.announced.size > 0;
      if (known === undefined) this.#remember(process, fact, time);
      else known.announced.clear();
      return announced;
    }
    if (!announcements.has(fact.kind)) return false;
    const attempt = known ?? this.#remember(process, fact, time);
    const who = `${fact.kind} ${fact.module ?? ""}`;
    const begins = attempt.announced.size === 0 || attempt.announced.has(who); // nobody says the same twice of one attempt
    if (begins) attempt.announced.clear();
    attempt.announced.add(who);
    return !begins;
  }

  #known(fact: SshdFact, process: string, time: number): Process | undefined {
    const known = this.#processes.get(process);
    if (known === undefined) return undefined;
    const another = known.host !== fact.host && isAddress(known.host) && isAddress(fact.host);
    if (another || Math.abs(time - known.seen) > memory) {
      this.#processes.delete(process);
      return undefined;
    }
    known.seen = time;
    return known;
  }

  #remember(process: string, fact: SshdFact, time: number): Process {
    if (this.#processes.size >= maximumProcesses) {
      const oldest = this.#processes.keys().next();
      if (!oldest.done) this.#processes.delete(oldest.value);
    }
    const known: Process = { host: fact.host, seen: time, announced: new Set() };
    this.#processes.set(process, known);
    return known;
  }
}

function isAddress(host: string | undefined): boolean {
  return host !== undefined && canonicalAddress(host) !== undefined;
}
