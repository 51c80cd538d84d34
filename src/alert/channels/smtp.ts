/** Hands e-mail to the SMTP server: sign-in links, and alerts on channels of kind EMAIL. */
import { createTransport } from "nodemailer";
import type { SmtpConfig } from "./smtp-url.ts";

export interface Email {
  to: string;
  subject: string;
  text: string;
  html: string;
}

export interface Smtp {
  /** Resolves when the server has taken it. Throws with the server's own reason, in which nothing of the e-mail is. */
  send(email: Email): Promise<void>;
  close(): void;
}

const timeout = 10_000; // 10 seconds to connect, to greet, and between two answers
const longestReason = 200;

/** Opens nothing until the first e-mail; keeps a connection for those that follow. */
export function openSmtp({ host, port, secure, requireTls, auth, from }: SmtpConfig): Smtp {
  const transport = createTransport({
    host,
    port,
    secure,
    requireTLS: requireTls,
    pool: true,
    maxConnections: 2,
    ...(auth ? { auth } : {}),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    disableFileAccess: true, // no part of an e-mail is read from elsewhere
    disableUrlAccess: true,
  });
  return {
    async send({ to, subject, text, html }) {
      try {
        // Addresses as objects: none is parsed into several.
        await transport.sendMail({
          from: { name: "Vigil", address: from },
          to: { name: "", address: to },
          subject,
          text,
          html,
        });
      } catch (error) {
        throw new Error(reasonOf(error as SmtpFault));
      }
    },
    close: () => transport.close(),
  };
}

interface SmtpFault extends Error {
  code?: string;
  responseCode?: number;
}

/** The code says what went wrong; servers quote addresses in their words. */
function reasonOf({ code, responseCode, message }: SmtpFault): string {
  if (responseCode !== undefined) return `the SMTP server answered ${responseCode}`;
  return code === undefined ? message.slice(0, longestReason) : `the SMTP server was not reached (${code})`;
}
