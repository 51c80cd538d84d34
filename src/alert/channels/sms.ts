/** SMS: through Twilio's Messages API. Accepted is SENT; only the status callback makes it DELIVERED. */

import { z } from "zod";
import { guardedFetch } from "../../outbound/guarded-fetch.ts";
import { outcomeOf, type Sent } from "../../outbound/outcome.ts";
import { isCode, isNumber } from "../numbers.ts";
import { segmentsOf } from "../text.ts";
import type { Channel } from "./channel.ts";

const minute = 60_000;

export interface TwilioConfig {
  accountSid: string;
  authToken: string;
  /** The sender: a number, or a messaging service's id (MG…). */
  from: string;
  /** Where the API is. */
  apiUrl: string;
}

export interface SmsConfig {
  /** Codes of numbers; as it is given, numbers, too. */
  to: string[];
}

/** The number is wrong, has said STOP, or cannot have messages (https://www.twilio.com/docs/api/errors). */
export const badNumbers: ReadonlySet<number> = new Set([21211, 21214, 21217, 21610, 21614, 30005, 30006]);

export function smsChannel(options: {
  twilio: TwilioConfig | undefined;
  allowPrivate: boolean;
  now: () => number;
  /** Where Twilio tells what became of a message; undefined: nowhere. */
  callbackUrl?: string | undefined;
}): Channel<SmsConfig, object> {
  const { twilio, allowPrivate, now, callbackUrl } = options;
  return {
    kind: "SMS",
    config: z.strictObject({
      to: z
        .array(z.string().refine((to) => isNumber(to) || isCode(to), "A number is written as +15125550100 (E.164)."))
        .min(1, "Name at least one number.")
        .max(20, "At most 20 numbers."),
    }),
    secrets: z.strictObject({}),
    retries: [15_000, minute, 5 * minute, 15 * minute, 60 * minute],
    perMinute: 30,
    async send({ message, organizationId, recipient, signal }) {
      if (!twilio) return { outcome: "PERMANENT", detail: "This server sends no SMS: TWILIO_ACCOUNT_SID is not set." };
      const form = new URLSearchParams({ To: recipient, Body: message.text });
      form.set(twilio.from.startsWith("MG") ? "MessagingServiceSid" : "From", twilio.from);
      const of = `organization=${organizationId}&message=${message.id}`;
      if (callbackUrl) form.set("StatusCallback", `${callbackUrl}?${of}`);
      const login = Buffer.from(`${twilio.accountSid}:${twilio.authToken}`).toString("base64");
      const answered = await guardedFetch(`${twilio.apiUrl}/2010-04-01/Accounts/${twilio.accountSid}/Messages.json`, {
        allowPrivate,
        signal,
        keepBody: true,
        headers: { authorization: `Basic ${login}`, "content-type": "application/x-www-form-urlencoded" },
        body: form.toString(),
      });
      const outcome = outcomeOf(answered, now());
      if (!answered.ok) return outcome;
      const { sid, code } = read(answered.body);
      const parts = segmentsOf(message.text);
      if (outcome.outcome === "SENT")
        return { ...outcome, detail: `Twilio took it in ${parts} part${parts === 1 ? "" : "s"}.`, providerId: sid };
      return code === undefined ? outcome : refused(code, outcome);
    },
  };
}

function refused(code: number, outcome: Sent): Sent {
  const detail = `Twilio refused it: error ${code}.`;
  if (badNumbers.has(code)) return { outcome: "PERMANENT", detail, badContact: true };
  if (code === 20429 || code === 14107) return { ...outcome, outcome: "RETRY", detail, channelWaits: true };
  return code >= 21000 && code < 22000 ? { outcome: "PERMANENT", detail } : { ...outcome, detail };
}

function read(body: string | undefined): { sid?: string; code?: number } {
  try {
    const { sid, code } = JSON.parse(body ?? "") as { sid?: unknown; code?: unknown };
    return { ...(typeof sid === "string" ? { sid } : {}), ...(typeof code === "number" ? { code } : {}) };
  } catch {
    return {};
  }
}
