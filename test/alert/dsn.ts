/** A report of a mail server on one e-mail, as Postfix writes it (RFC 3464). */
export function dsn(of: {
  id: string;
  to: string;
  action: string;
  status: string;
  /** Where it failed, when that is not where it was sent. */
  at?: string;
  /** Whether it returns no headers, but the envelope id that it was given. */
  byEnvelope?: boolean;
}): string {
  const { id, to, action, status, at = to, byEnvelope = false } = of;
  return [
    "Return-Path: <>",
    "From: MAILER-DAEMON@mail.example (Mail Delivery System)",
    "Subject: Undelivered Mail Returned to Sender",
    "To: bounces@clinic.example",
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    "Content-Type: multipart/report; report-type=delivery-status;",
    '\tboundary="X/mail.example"',
    "",
    "--X/mail.example",
    "Content-Type: text/plain; charset=us-ascii",
    "",
    `I'm sorry to have to inform you that your message to ${to} could not be delivered.`,
    "",
    "--X/mail.example",
    "Content-Type: message/delivery-status",
    "",
    "Reporting-MTA: dns; mail.example",
    ...(byEnvelope ? [`Original-Envelope-Id: ${id}`] : []),
    "X-Postfix-Queue-ID: 4F",
    "",
    `Final-Recipient: rfc822; ${at}`,
    `Original-Recipient: rfc822;${to}`,
    `Action: ${action}`,
    `Status: ${status}`,
    "Diagnostic-Code: smtp; 550 canary-of-the-receiver",
    "    rejected",
    "",
    "--X/mail.example",
    "Content-Type: text/rfc822-headers",
    "",
    "Subject: An incident",
    ...(byEnvelope ? [] : [`Message-ID: ${id}`]),
    "",
    "--X/mail.example--",
    "",
  ].join("\r\n");
}
