import type { EventCategory, EventOutcome } from "../event.ts";

/**
 * What a message of OpenSSH's sshd says, as told by `sshd.event`. The attacker writes the user name, the key id and the
 * client's host name; the rest is the server's own text.
 */
export interface SshdFact {
  kind: SshdKind;
  user?: string | undefined;
  /** Where the client is: an address, or a host name where UseDNS is on. */
  host?: string | undefined;
  port?: number | undefined;
  /** password, publickey, keyboard-interactive/pam, … */
  method?: string | undefined;
  /** The user does not exist on the machine. */
  invalidUser?: boolean;
  /** Public key and its fingerprint, or the server's reason. */
  detail?: string | undefined;
  /** The PAM module that says so: each says it of one attempt. */
  module?: string | undefined;
}

export type SshdReading = SshdFact | { ignored: string };

interface Meaning {
  action: string;
  outcome: EventOutcome;
  category: EventCategory;
}

const failedLogin: Meaning = { action: "login", outcome: "FAILURE", category: "AUTHENTICATION" };
const failedConnection: Meaning = { action: "connection.failed", outcome: "FAILURE", category: "NETWORK" };
const refusedConnection: Meaning = { action: "connection.refused", outcome: "FAILURE", category: "NETWORK" };

/** Which messages count as a failed log-in, and what the others are. */
export const meanings = {
  accepted: { action: "login", outcome: "SUCCESS", category: "AUTHENTICATION" },
  partial: { action: "login.partial", outcome: "UNKNOWN", category: "AUTHENTICATION" }, // one factor of several
  failed: failedLogin,
  "failed-none": failedLogin, // "none" asks which methods there are; sent once before the first real attempt
  "invalid-user": failedLogin,
  "not-allowed": failedLogin,
  "root-refused": failedLogin,
  "pam-failure": failedLogin,
  "pam-more": failedLogin,
  "attempts-exceeded": failedLogin,
  closed: failedLogin, // before the log-in, as the next two
  reset: failedLogin,
  disconnected: failedLogin,
  "magic-value": failedLogin,
  timeout: { action: "login.timeout", outcome: "FAILURE", category: "AUTHENTICATION" },
  negotiation: failedConnection, // no common key exchange, host key, cipher or MAC: an old client or a scanner
  protocol: failedConnection, // no SSH client, or one of another version
  dispatch: failedConnection, // the encrypted stream broke
  refused: refusedConnection, // by libwrap
  dropped: refusedConnection, // MaxStartups, or a penalty for earlier failures
} as const satisfies Record<string, Meaning>;

export type SshdKind = keyof typeof meanings;
