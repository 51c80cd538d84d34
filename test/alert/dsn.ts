/** A report of a mail server on one e-mail, as Postfix writes it (RFC 3464). */
export function dsn(of: {
  /** The Message-ID of the e-mail. */
  id: string;
  organization: string;
  to: string;
  action: string;
  status: string;
  /** Where it failed, when that is not where it was sent. */
  at?: string;
  /** The envelope id that the e-mail was given; then no headers are returned. */
  envelope?: string;
}): string {
  const { id, organization, to, action, status, at = to, envelope } = of;
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
    ...(envelope === undefined ? [] : [`Original-Envelope-Id: ${envelope}`]),
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
    ...(envelope === undefined ? [`X-Vigil-Organization: ${organization}`, `Message-ID: ${id}`] : []),
    "",
    "--X/mail.example--",
    "",
  ].join("\r\n");
}
