/** What the application says where a second factor is demanded of a user. */
import type { Exchange, Verdict } from "./monitor.ts";
import type { HostRequest } from "./options.ts";

/**
 * The hook's answer; true lets the request through, which is no refused one then. Undefined: nothing is demanded, there is no
 * hook, or it failed. For hosts that give it no response.
 */
export async function mfaAnswer(exchange: Exchange, verdict: Verdict, request: unknown): Promise<unknown> {
  const { monitor } = exchange;
  const { onMfaRequired } = monitor.settings;
  if (verdict.kind !== "FORCE_MFA" || !onMfaRequired) return undefined;
  const { id, expiresAt } = verdict;
  try {
    const answer = await onMfaRequired(request as HostRequest, undefined, { id, expiresAt });
    if (answer === true) exchange.refused = undefined;
    return answer;
  } catch (error) {
    monitor.faults.note("HOOK", `onMfaRequired failed: ${(error as Error)?.message}`, error);
    return undefined;
  }
}
