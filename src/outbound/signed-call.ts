/** A signed message to a program of an organization: alerts and responses go out by the same rules. */
import { z } from "zod";
import { guardedFetch } from "./guarded-fetch.ts";
import { outcomeOf, type Sent } from "./outcome.ts";
import { secretFault, webhookHeaders } from "./standard-webhook.ts";
import { type Reach, urlFault } from "./url-fault.ts";

const minute = 60_000;

/** The schedule that Standard Webhooks recommends, as far as what is told is still news. */
export const webhookRetries: readonly number[] = [
  5_000,
  5 * minute,
  30 * minute,
  120 * minute,
  300 * minute,
  600 * minute,
];

/** For how long a former secret goes on signing beside the new one, ms. */
export const secretOverlap = 86_400_000; // a day

export interface WebhookSecrets {
  secret: string;
  /** The one before, which signs too until then (epoch ms), so that the receiver may change over. */
  previous?: { secret: string; until: number } | undefined;
}

const secret = z.string().superRefine((value, context) => {
  const fault = secretFault(value);
  if (fault) context.addIssue({ code: "custom", message: `The secret ${fault}.` });
});
export const webhookSecrets: z.ZodType<WebhookSecrets> = z.strictObject({
  secret,
  previous: z.strictObject({ secret, until: z.number() }).optional(),
});

export const webhookUrl = (reach: Reach): z.ZodType<string> =>
  z.string().superRefine((value, context) => {
    const fault = urlFault(value, reach);
    if (fault) context.addIssue({ code: "custom", message: `The URL ${fault}.` });
  });

export interface SignedCall {
  url: string;
  secrets: WebhookSecrets;
  /** The same in every try, so that a receiver can drop what it has had. */
  id: string;
  body: object;
  signal: AbortSignal;
}

/** Never throws for what is at the other side. `status`: as it answered; null: it did not. */
export async function callSigned(
  { url, secrets, id, body: content, signal }: SignedCall,
  { allowPrivate, now }: Reach & { now: () => number },
): Promise<{ sent: Sent; status: number | null }> {
  const { previous } = secrets;
  const keys = [secrets.secret, ...(previous && previous.until > now() ? [previous.secret] : [])];
  const body = JSON.stringify(content);
  const headers = {
    "content-type": "application/json",
    "user-agent": "Vigil",
    ...webhookHeaders(keys, id, now(), body),
  };
  const answered = await guardedFetch(url, { allowPrivate, headers, body, signal });
  return { sent: outcomeOf(answered, now()), status: answered.ok ? answered.status : null };
}
