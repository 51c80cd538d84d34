/**
 * Reports of mail servers on what became of an e-mail (delivery status notifications, RFC 3464), as they come to the address
 * that our e-mail is sent from. Whose e-mail it was, the envelope id says that we have given, or the headers that the report
 * returns.
 */
import PostalMime, { type Email } from "postal-mime";
import { validate } from "uuid";
import { longUuid, shortUuid } from "../access/base62.ts";
import type { DeliveryReport } from "./delivery-report.ts";
import { isOfAddress, sayStatus } from "./mail-status.ts";

const mostHeaders = 16_384; // characters: the parser takes 2.5 µs and more for each of an address that is none
const mostReturned = 8_192; // of our own e-mail's: they are some 3,000 characters, and each relay adds a few hundred
const limits = { maxNestingDepth: 10, maxHeadersSize: mostHeaders } as const;
const mostLines = 2_000; // the parser takes 5 µs and more for each, and holds up everything else meanwhile

/** The header that says whose e-mail it is: a report returns it. */
export const organizationHeader = "X-Vigil-Organization";

/** The envelope id of an organization's e-mail (ENVID of RFC 3461), which says the same: some reports return no headers. */
export const envelopeIdOf = (messageId: string, organizationId: string): string =>
  `${shortUuid(organizationId)}.${messageId.slice(1, -1)}`;

/** Whose e-mail it is, and its Message-ID. */
interface Ours {
  organizationId: string;
  providerId: string;
}

function byEnvelope(id: string | undefined): Ours | undefined {
  const [, organization, message] = /^(\w{22})\.([^\s<>@]+@[^\s<>@]+)$/.exec(id ?? "") ?? [];
  const organizationId = longUuid(organization);
  return organizationId === undefined ? undefined : { organizationId, providerId: `<${message}>` };
}

async function byHeaders(returned: string | undefined): Promise<Ours | undefined> {
  const mail = returned === undefined ? undefined : await parse(returned.slice(0, mostReturned));
  const organizationId = mail?.headers.find(({ key }) => key === organizationHeader.toLowerCase())?.value ?? "";
  return mail?.messageId && validate(organizationId) ? { organizationId, providerId: mail.messageId } : undefined;
}

/** A report, and whose e-mail it is about. */
export interface MailReport {
  organizationId: string;
  report: DeliveryReport;
}

/**
 * Reads what came, as it came over SMTP. Undefined: it is no report on an e-mail of ours, or says that it is still on its
 * way (delayed, relayed), or of several recipients, which ours never have, or is longer than any report is. Never throws: anybody can write to the address.
 */
export async function readMailReport(raw: Buffer): Promise<MailReport | undefined> {
  if (linesOf(raw) > mostLines) return undefined;
  const mail = await parse(raw);
  const status = partOf(mail, /^message\/(global-)?delivery-status$/);
  if (status === undefined) return undefined;
  const [about, recipient, ...others] = await Promise.all(groupsOf(status).map(fieldsOf));
  if (!about || !recipient || others.length > 0) return undefined;
  const returned = partOf(mail, /^(text|message)\/(rfc822-headers|rfc822|global|global-headers)$/);
  const ours = byEnvelope(about["original-envelope-id"]) ?? (await byHeaders(returned));
  const action = recipient["action"]?.toLowerCase();
  if (!ours || (action !== "delivered" && action !== "failed")) return undefined;
  const hasArrived = action === "delivered";
  const code = /^\d\.\d{1,3}\.\d{1,3}/.exec(recipient["status"] ?? "")?.[0];
  const failed = `A mail server reports that it has not arrived${code === undefined ? "" : `: ${sayStatus(code)}`}.`;
  const named = ["original-recipient", "final-recipient"].map((name) => addressOf(recipient[name]));
  return {
    organizationId: ours.organizationId,
    report: {
      kind: "EMAIL",
      providerId: ours.providerId,
      hasArrived,
      detail: hasArrived ? "A mail server reports that it has arrived." : failed,
      // An e-mail that was forwarded may have failed at an address that is not ours.
      isBadContact: (of) => code !== undefined && isOfAddress(code) && named.includes(of.toLowerCase()),
    },
  };
}

/** At most one more than are read. */
function linesOf(raw: Buffer): number {
  let lines = 1;
  for (let at = raw.indexOf(10); at >= 0 && lines <= mostLines; at = raw.indexOf(10, at + 1)) lines++;
  return lines;
}

async function parse(raw: Buffer | string): Promise<Email | undefined> {
  try {
    return await PostalMime.parse(raw, { ...limits, forceRfc822Attachments: true, attachmentEncoding: "utf8" });
  } catch {
    return undefined;
  }
}

function partOf(mail: Email | undefined, type: RegExp): string | undefined {
  const content = mail?.attachments.find(({ mimeType }) => type.test(mimeType))?.content;
  return typeof content === "string" ? content : undefined;
}

/** Of the message, then of each recipient (RFC 3464 §2.1). At most three are read: there is one recipient. */
const groupsOf = (status: string): string[] => status.trim().split(/(?:\r?\n[ \t]*){2,}/, 3);

/** Each field by its name; written as those of a message are. */
async function fieldsOf(group: string): Promise<Record<string, string>> {
  const headers = (await parse(`${group}\r\n\r\n`))?.headers ?? [];
  return Object.fromEntries(headers.map(({ key, value }) => [key, value.trim()]));
}

/** `rfc822; ann@clinic.example` without its kind. */
const addressOf = (field: string | undefined): string | undefined =>
  field
    ?.slice(field.indexOf(";") + 1)
    .trim()
    .replace(/^<(.*)>$/, "$1")
    .toLowerCase();
