/** A button that somebody pressed in Slack: whether it is Slack that says so, and what was pressed. */
import { createHmac, timingSafeEqual } from "node:crypto";

const clocksDiffer = 300; // seconds: Slack asks for five minutes

/** Names the button, in what Vigil sends and what comes back. */
export const slackAcknowledge = "vigil_acknowledge";

export interface SlackRequest {
  /** As it came, byte for byte. */
  body: string;
  /** X-Slack-Request-Timestamp, epoch seconds. */
  timestamp: string;
  /** X-Slack-Signature. */
  signature: string;
}

/** v0 of https://api.slack.com/authentication/verifying-requests-from-slack; what is too old may be a repetition. */
export function isSlacks({ body, timestamp, signature }: SlackRequest, signingSecret: string, now: number): boolean {
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > clocksDiffer) return false;
  const expected = createHmac("sha256", signingSecret).update(`v0:${timestamp}:${body}`, "utf8").digest();
  const found = /^v0=([0-9a-f]{64})$/.exec(signature)?.[1];
  return found !== undefined && timingSafeEqual(Buffer.from(found, "hex"), expected);
}

export interface SlackPress {
  token: string;
  /** Whoever pressed, by Slack's id. */
  userId: string;
  /** As the timeline names a stranger. */
  actor: string;
  /** Where Slack takes an answer. */
  responseUrl: string | undefined;
}

/** Undefined: it is no press of Vigil's button. */
export function readPress(body: string): SlackPress | undefined {
  try {
    const { user, actions, response_url } = JSON.parse(new URLSearchParams(body).get("payload") ?? "") as {
      user?: { id?: unknown; username?: unknown; name?: unknown };
      actions?: { action_id?: unknown; value?: unknown }[];
      response_url?: unknown;
    };
    const pressed = actions?.find(({ action_id }) => action_id === slackAcknowledge);
    const id = String(user?.id ?? "");
    if (typeof pressed?.value !== "string" || !/^[A-Z0-9]{2,30}$/.test(id)) return undefined;
    const name = String(user?.username ?? user?.name ?? "")
      .replace(/[^\w.-]/g, "")
      .slice(0, 80);
    return {
      token: pressed.value,
      userId: id,
      actor: name ? `@${name} (Slack ${id})` : `Slack ${id}`,
      responseUrl: typeof response_url === "string" ? response_url : undefined,
    };
  } catch {
    return undefined;
  }
}
