/** What Twilio says became of an SMS: asked to be called back at a URL that names organization and message, and signed. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { validate as isUuid } from "uuid";
import { badNumbers } from "./channels/sms.ts";
import type { DeliveryReport } from "./delivery-report.ts";

/** A callback as it came. */
export interface TwilioCallback {
  organizationId: string;
  /** With its query, as it was asked for. */
  path: string;
  fields: URLSearchParams;
  signature: string;
}

/** X-Twilio-Signature: HMAC-SHA1 of the URL and every field's name and value, sorted (https://www.twilio.com/docs/usage/security). */
export function isTwilios(given: {
  url: string;
  fields: URLSearchParams;
  signature: string;
  authToken: string;
}): boolean {
  const { url, fields, signature, authToken } = given;
  const names = [...new Set(fields.keys())].sort();
  const signed = url + names.map((name) => name + (fields.getAll(name).at(-1) ?? "")).join("");
  const expected = createHmac("sha1", authToken).update(signed, "utf8").digest();
  const got = Buffer.from(signature, "base64");
  return got.length === expected.length && timingSafeEqual(got, expected);
}

/** What it says of the message; undefined: it is on its way (queued, sent…), which says nothing new. */
export function twilioReport({ path, fields }: Pick<TwilioCallback, "path" | "fields">): DeliveryReport | undefined {
  const status = fields.get("MessageStatus") ?? "";
  const hasArrived = status === "delivered" || status === "read";
  if (!hasArrived && status !== "undelivered" && status !== "failed") return undefined;
  const code = Number(fields.get("ErrorCode") ?? Number.NaN);
  const error = Number.isInteger(code) ? `: error ${code}` : "";
  const detail = hasArrived ? "Twilio says that it has arrived." : `Twilio says that it has not arrived${error}.`;
  const isBadContact = (): boolean => badNumbers.has(code);
  const asked = new URLSearchParams(path.slice(path.indexOf("?") + 1)).get("message") ?? "";
  const messageId = isUuid(asked) ? asked : undefined;
  return { kind: "SMS", providerId: fields.get("MessageSid") ?? "", messageId, hasArrived, detail, isBadContact };
}
