/** What a refused request is answered. */
import type { Verdict } from "./monitor.ts";

export interface Refused {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const answers: Record<Exclude<Verdict["kind"], "PASS">, [status: number, code: string, message: string]> = {
  BLOCK_IP: [403, "BLOCKED", "Requests from this address are refused for the time being."],
  SUSPEND_USER: [403, "SUSPENDED", "This account is suspended for the time being."],
  FORCE_MFA: [401, "MFA_REQUIRED", "Sign in with your second factor to go on."],
  NO_ADDRESS: [400, "NO_ADDRESS", "Nobody can tell who asks."],
  NO_LIST: [503, "NOT_READY", "This service is not ready yet. Try again in a moment."],
};

export function answerOf(kind: Exclude<Verdict["kind"], "PASS">): Refused {
  const [status, code, message] = answers[kind];
  const body = JSON.stringify({ error: { code, message } });
  return {
    status,
    body,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      // RFC 9470: what a client is told that must authenticate better.
      ...(kind === "FORCE_MFA" ? { "www-authenticate": 'Bearer error="insufficient_user_authentication"' } : {}),
      ...(kind === "NO_LIST" ? { "retry-after": "5" } : {}),
    },
  };
}
