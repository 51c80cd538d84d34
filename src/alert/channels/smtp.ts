/** Hands e-mail to the SMTP server: sign-in links, and alerts on channels of kind EMAIL. */
import { createTransport } from "nodemailer";
import PQueue from "p-queue";
import { enhancedOf, refusesAddress } from "../mail-status.ts";
import { longestTry } from "./channel.ts";
import type { SmtpConfig } from "./smtp-url.ts";

export interface Email {
  to: string;
  subject: string;
  text: string;
  html?: string;
  /** With its angle brackets; absent: one is made. */
  messageId?: string;
  /** The Message-ID that begins its thread. */
  references?: string;
  headers?: Record<string, string>;
  /** Asks for a report when it has arrived, or cannot: `id` comes back with it. Servers without RFC 3461 do as they like. */
  reportAs?: string;
  /** Whether it stands behind all that may not; absent: it may not. */
  mayWait?: boolean;
}

/** What the SMTP server refused, or that it was not reached; in its words nothing of the e-mail is. */
export class SmtpFault extends Error {
  /** Whether the reply is for ever: of this e-mail, or of its address. */
  readonly isFinal: boolean;
  /** Whether the reply says that the address is not to be tried again. */
  readonly isOfAddress: boolean;
  constructor(message: string, { isFinal = false, isOfAddress = false } = {}) {
    super(message);
    this.isFinal = isFinal;
    this.isOfAddress = isOfAddress;
  }
}

export interface Smtp {
  /**
   * Resolves when the server has taken it, with the Message-ID. Throws SmtpFault, also when `signal` aborts: what waits for
   * a connection until then is not sent; of what is being said to the server nobody knows. Where there is one, a try is given
   * up `longestTry` after its turn has come, too.
   */
  send(email: Email, signal?: AbortSignal): Promise<{ providerId: string }>;
  /** Connects and signs in, and sends nothing. Throws SmtpFault. */
  verify(): Promise<void>;
  close(): void;
}

const timeout = 10_000; // 10 seconds to connect, to greet, and between two answers
const longestReason = 200;
const connections = 2;

/** Opens nothing until the first e-mail; keeps a connection for those that follow. */
export function openSmtp({ host, port, secure, requireTls, auth, from, bounces = from }: SmtpConfig): Smtp {
  const transport = createTransport({
    host,
    port,
    secure,
    requireTLS: requireTls,
    pool: true,
    maxConnections: connections,
    ...(auth ? { auth } : {}),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    disableFileAccess: true, // no part of an e-mail is read from elsewhere
    disableUrlAccess: true,
  });
  // Who stands in the transport's own line cannot leave it: nobody stands there.
  const line = new PQueue({ concurrency: connections });

  function inTurn<T>(work: () => Promise<T>, mayWait: boolean, signal: AbortSignal | undefined): Promise<T> {
    const priority = mayWait ? 0 : 1;
    if (!signal) return line.add(work, { priority });
    return new Promise((resolve, reject) => {
      let hasBegun = false;
      const giveUp = (): void => {
        const why = hasBegun
          ? "the mail server did not answer in time"
          : "the mail server was busy with others for too long";
        reject(new SmtpFault(why));
      };
      const begin = (): Promise<T> => {
        signal.throwIfAborted();
        hasBegun = true;
        AbortSignal.timeout(longestTry).addEventListener("abort", giveUp, { once: true });
        return work();
      };
      if (signal.aborted) giveUp();
      signal.addEventListener("abort", giveUp, { once: true });
      const done = line.add(begin, { priority });
      done.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
    });
  }

  return {
    async send({ to, subject, text, html, messageId, references, headers, reportAs, mayWait = false }, signal) {
      const mail = {
        // Addresses as objects: none is parsed into several.
        from: { name: "Vigil", address: from },
        to: { name: "", address: to },
        envelope: { from: bounces, to },
        subject,
        text,
        ...(html === undefined ? {} : { html }),
        ...(messageId ? { messageId } : {}),
        ...(references ? { references, inReplyTo: references } : {}),
        ...(headers ? { headers } : {}),
        ...(reportAs
          ? { dsn: { id: reportAs, return: "headers", notify: ["success", "failure"], recipient: to } }
          : {}),
      };
      try {
        const taken = await inTurn(() => transport.sendMail(mail), mayWait, signal);
        return { providerId: taken.messageId };
      } catch (error) {
        throw faultOf(error as TransportFault);
      }
    },
    async verify() {
      await transport.verify().catch((error: TransportFault) => {
        throw faultOf(error);
      });
    },
    close: () => transport.close(),
  };
}

interface TransportFault extends Error {
  code?: string;
  responseCode?: number;
  /** The reply, as it came. */
  response?: string;
  /** What was replied to. */
  command?: string;
}

function faultOf(error: TransportFault): SmtpFault {
  if (error instanceof SmtpFault) return error;
  const { responseCode, response = "", command = "" } = error;
  const reply = { code: responseCode ?? 0, enhanced: enhancedOf(response), toRecipient: command.startsWith("RCPT") };
  // What is said before (a greeting, of our name, of a password, of the sender) is of the server or of how we are set up:
  // it says nothing of an address that is still to be named, and passes once somebody has mended it.
  const isNamed = reply.toRecipient || command === "DATA";
  // 5xx is for ever (RFC 5321 §4.2.1).
  return new SmtpFault(reasonOf(error), {
    isFinal: isNamed && reply.code >= 500,
    isOfAddress: isNamed && refusesAddress(reply),
  });
}

/** The code says what went wrong; servers quote addresses in their words. */
function reasonOf({ code, responseCode, message }: TransportFault): string {
  if (responseCode !== undefined) return `the SMTP server answered ${responseCode}`;
  return code === undefined ? message.slice(0, longestReason) : `the SMTP server was not reached (${code})`;
}
