import { z } from "zod";
import { VigilError } from "../errors.ts";
import type { AuditKey } from "./key.ts";

const lifetime = 300_000; // 5 minutes

const schema = z.object({
  organizationId: z.uuid(),
  actor: z.string(),
  from: z.coerce.date().optional(),
  to: z.coerce.date().optional(),
  expiresAt: z.number(),
});

/** Leave to download one export. */
export type ExportTicket = z.infer<typeof schema>;

/** A word that lets its bearer download this export, for 5 minutes. */
export function issueTicket(
  key: AuditKey,
  ticket: Omit<ExportTicket, "expiresAt">,
  now: number,
): { ticket: string; expiresAt: number } {
  const expiresAt = now + lifetime;
  const body = Buffer.from(JSON.stringify({ ...ticket, expiresAt })).toString("base64url");
  return { ticket: `${body}.${key.sign(statement(body)).toString("base64url")}`, expiresAt };
}

/** What a ticket is good for. Errors: UNAUTHENTICATED. */
export function readTicket(key: AuditKey, text: string, now: number): ExportTicket {
  const [body = "", signature = ""] = text.split(".");
  if (!key.verify(statement(body), Buffer.from(signature, "base64url"))) throw refusal("This ticket is not ours");
  const ticket = schema.parse(JSON.parse(Buffer.from(body, "base64url").toString()));
  if (ticket.expiresAt <= now) throw refusal("This ticket is over: ask for another one with auditExport");
  return ticket;
}

function statement(body: string): string {
  return `vigil audit export ticket v1\n${body}`;
}

function refusal(message: string): VigilError {
  return new VigilError("UNAUTHENTICATED", message);
}
