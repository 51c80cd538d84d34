/** An SMTP server on loopback that keeps what it is given: RFC 5321 as far as a client of ours goes. */
import { createServer, type Socket } from "node:net";

export interface Received {
  from: string;
  to: string[];
  /** Headers and body as they came, dots unstuffed. */
  source: string;
  /** MAIL and RCPT as they were said. */
  envelope: string[];
  /** The text of each part, decoded. */
  parts: string[];
}

export async function smtpSink(options: { login?: { user: string; pass: string }; reports?: boolean } = {}) {
  const mails: Received[] = [];
  const waiting: ((mail: Received) => void)[] = [];
  /** What RCPT TO is answered with, where not 250. */
  const refusals: string[] = [];
  const sockets = new Set<Socket>();

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    const say = (line: string) => socket.write(`${line}\r\n`);
    let buffer = "";
    let mail: { from: string; to: string[]; envelope: string[] } = { from: "", to: [], envelope: [] };
    let data: string[] | undefined;
    const address = (line: string): string => /<([^>]*)>/.exec(line)?.[1] ?? "";
    const take = (line: string): void => {
      if (data) {
        if (line !== ".") return void data.push(line.replace(/^\./, ""));
        const source = data.join("\r\n");
        data = undefined;
        const received = { ...mail, source, parts: partsOf(source) };
        mails.push(received);
        waiting.shift()?.(received);
        return void say("250 taken");
      }
      const verb = line.slice(0, 4).toUpperCase();
      const offers = [...(options.login ? ["AUTH PLAIN"] : []), ...(options.reports ? ["DSN"] : []), "8BITMIME"];
      if (verb === "EHLO")
        return void say(
          ["sink", ...offers].map((offer, at) => `250${at < offers.length ? "-" : " "}${offer}`).join("\r\n"),
        );
      if (verb === "AUTH") {
        const [, user, pass] = Buffer.from(line.split(" ")[2] ?? "", "base64")
          .toString()
          .split("\0");
        return void say(user === options.login?.user && pass === options.login?.pass ? "235 ok" : "535 no");
      }
      if (verb === "MAIL") mail = { from: address(line), to: [], envelope: [line] };
      if (verb === "RCPT") {
        const refusal = refusals.shift();
        if (refusal) return void say(refusal);
        mail.to.push(address(line));
        mail.envelope.push(line);
      }
      if (verb === "DATA") {
        data = [];
        return void say("354 go on");
      }
      if (verb === "QUIT") return void socket.end("221 bye\r\n");
      say("250 ok");
    };
    socket.on("data", (chunk) => {
      buffer += chunk.toString("latin1");
      for (let end = buffer.indexOf("\r\n"); end >= 0; end = buffer.indexOf("\r\n")) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        take(line);
      }
    });
    say("220 sink");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const who = options.login
    ? `${encodeURIComponent(options.login.user)}:${encodeURIComponent(options.login.pass)}@`
    : "";

  return {
    url: `smtp://${who}127.0.0.1:${port}?from=vigil@clinic.example`,
    mails,
    refusals,
    /** The next e-mail that comes. */
    next: () => new Promise<Received>((resolve) => waiting.push(resolve)),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function partsOf(source: string): string[] {
  const boundary = /boundary="([^"]+)"/.exec(source)?.[1];
  return (boundary ? source.split(`--${boundary}`).slice(1, -1) : [source]).map((part) => {
    const [head = "", ...rest] = part.trimStart().split("\r\n\r\n");
    const body = rest.join("\r\n\r\n");
    if (/base64/i.test(head)) return Buffer.from(body, "base64").toString("utf8");
    const soft = body.replace(/=\r\n/g, "");
    const bytes = soft.replace(/=([0-9A-F]{2})/g, (_match, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    return Buffer.from(/quoted-printable/i.test(head) ? bytes : body, "latin1").toString("utf8");
  });
}
