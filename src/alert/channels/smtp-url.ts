/** Where our e-mail goes, as SMTP_URL says it. */
export interface SmtpConfig {
  host: string;
  port: number;
  /** TLS from the first byte; otherwise STARTTLS where the server offers it. */
  secure: boolean;
  /** Without STARTTLS nothing is sent. */
  requireTls: boolean;
  auth: { user: string; pass: string } | undefined;
  /** The sender's address. */
  from: string;
  /** Where mail servers report to; absent: to the sender. */
  bounces?: string | undefined;
}

const known = ["bounces", "from", "tls"];
const address = /^[^@\s<>",;]+@[^@\s<>",;]+$/;

/** Reads smtp://user:password@host:port?from=address&bounces=address&tls=required. No fault repeats any of it. */
export function parseSmtp(given: string): { smtp: SmtpConfig | undefined; faults: string[] } {
  const none = (fault: string) => ({ smtp: undefined, faults: [fault] });
  if (!URL.canParse(given)) return none("is an smtp:// or smtps:// URL");
  const url = new URL(given);
  const secure = url.protocol === "smtps:";
  if ((url.protocol !== "smtp:" && !secure) || url.hostname === "") return none("is an smtp:// or smtps:// URL");
  const faults: string[] = [];
  if (!["", "/"].includes(url.pathname)) faults.push("has no path: put options behind a ?");
  const strangers = [...url.searchParams.keys()].filter((name) => !known.includes(name));
  if (strangers.length > 0) faults.push(`takes the options ${known.join(", ")}, and no other`);
  const tls = url.searchParams.get("tls");
  if (tls !== null && tls !== "required") faults.push("takes tls=required, or no tls option");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const from = url.searchParams.get("from") ?? `vigil@${/^[\d.:]+$|^localhost$/.test(host) ? "localhost" : host}`;
  if (!address.test(from)) faults.push("names the sender as from=name@example.org");
  const bounces = url.searchParams.get("bounces") ?? undefined;
  if (bounces !== undefined && !address.test(bounces))
    faults.push("names who gets reports as bounces=name@example.org");
  const auth = authOf(url);
  if (auth === null) faults.push("gives a user and a password, percent-encoded, or neither");
  if (faults.length > 0) return { smtp: undefined, faults };
  const port = url.port === "" ? (secure ? 465 : 587) : Number(url.port);
  return {
    smtp: { host, port, secure, requireTls: tls === "required", auth: auth ?? undefined, from, bounces },
    faults,
  };
}

function authOf({ username, password }: URL): { user: string; pass: string } | undefined | null {
  if (username === "" && password === "") return undefined;
  if (username === "" || password === "") return null;
  try {
    return { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
  } catch {
    return null;
  }
}
