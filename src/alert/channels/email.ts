/** EMAIL: through the server's SMTP. Taken by the SMTP server is SENT; only a report makes it DELIVERED. */

import { z } from "zod";
import type { Sent } from "../../outbound/outcome.ts";
import { envelopeIdOf, organizationHeader } from "../mail-report.ts";
import type { Channel } from "./channel.ts";
import type { Smtp } from "./smtp.ts";
import { SmtpFault } from "./smtp.ts";

const minute = 60_000;

export interface EmailConfig {
  to: string[];
}

const address = z
  .string()
  .max(254)
  .regex(/^[^@\s<>",;:\\()[\]]+@[^@\s<>",;:\\()[\]]+\.[^@\s<>",;:\\()[\]]+$/, "This is no e-mail address.");

export function emailChannel(options: {
  smtp: Smtp | undefined;
  host: string;
  /** Whether somebody hands us what mail servers report. */
  readsReports: boolean;
}): Channel<EmailConfig, object> {
  const { smtp, host, readsReports } = options;
  return {
    kind: "EMAIL",
    config: z.strictObject({
      to: z.array(address).min(1, "Name at least one address.").max(50, "At most 50 addresses."),
    }),
    secrets: z.strictObject({}),
    retries: [minute, 5 * minute, 15 * minute, 60 * minute, 240 * minute],
    perMinute: 60,
    waitsItsTurn: true,
    async send({ message, organizationId, recipient, signal }) {
      if (!smtp) return { outcome: "PERMANENT", detail: "This server sends no e-mail: SMTP_URL is not set." };
      const more = message.acknowledgeUrl ? `\n\nAcknowledge: ${message.acknowledgeUrl}` : "";
      const thread = `<thread-${message.thread.replace(/[^\w.-]/g, "-")}@${host}>`;
      const messageId = `<${message.id}@${host}>`; // the same in every try
      const email = {
        to: recipient,
        subject: message.subject,
        text: message.text.includes(message.acknowledgeUrl ?? "\0") ? message.text : message.text + more,
        ...(message.html === null ? {} : { html: message.html }),
        messageId,
        mayWait: message.priority !== "CRITICAL",
        ...(readsReports ? { reportAs: envelopeIdOf(messageId, organizationId) } : {}),
        references: thread,
        headers: {
          [organizationHeader]: organizationId,
          "List-Id": `Vigil alerts <alerts.${host}>`,
          "Auto-Submitted": "auto-generated",
        },
      };
      try {
        const { providerId } = await smtp.send(email, signal);
        return { outcome: "SENT", detail: "The SMTP server took it.", providerId };
      } catch (error) {
        return faultOf(error);
      }
    },
  };
}

function faultOf(error: unknown): Sent {
  const detail = error instanceof Error ? `${error.message}.` : "The SMTP server was not reached.";
  if (!(error instanceof SmtpFault && error.isFinal)) return { outcome: "RETRY", detail };
  return { outcome: "PERMANENT", detail, badContact: error.isOfAddress };
}
