/** What every kind of channel promises, whoever is at the other end: one contract, the same provider misbehaving for all. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openChannels } from "../../src/alert/channels/kinds.ts";
import { slackBlocks } from "../../src/alert/channels/slack.ts";
import { openSmtp, type Smtp } from "../../src/alert/channels/smtp.ts";
import { parseSmtp } from "../../src/alert/channels/smtp-url.ts";
import type { Message } from "../../src/alert/message.ts";
import type { Sent } from "../../src/outbound/outcome.ts";

const id = "0198f0c0-0000-7000-8000-00000000000a";
const organizationId = "0198f0c0-0000-7000-8000-000000000001";
const canary = "canary-of-the-receiver";
const message: Message = {
  id,
  kind: "OPENED",
  priority: "CRITICAL",
  subject: "CRITICAL: an attack",
  text: "An attack. Look at it now.",
  html: "<p>An attack.</p>",
  url: "https://vigil.example/incidents/1",
  acknowledgeUrl: null,
  thread: "incident-1",
  data: { incident: { number: 1 } },
  at: Date.UTC(2026, 10, 29),
};

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;
let answer: Answer = (response) => response.end();
/** What came, whole: head and body. */
let came: string[] = [];
const http = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  came.push(`${request.url} ${JSON.stringify(request.headers)} ${body}`);
  answer(response, request);
});

/** How a mail server answers a command (and, as `.`, a whole e-mail); undefined: not at all. */
type Reply = (command: string, socket: Socket) => string | undefined;
const polite: Reply = (command) => (command === "CONNECT" ? "220 sink" : command === "DATA" ? "354 go on" : "250 ok");
let reply: Reply = polite;
const sockets = new Set<Socket>();
const mail = createTcpServer((socket) => {
  sockets.add(socket.on("error", () => undefined).on("close", () => sockets.delete(socket)));
  let text: string | undefined;
  let buffer = "";
  const say = (command: string): void => {
    const line = reply(command, socket);
    if (line !== undefined) socket.write(`${line}\r\n`);
    if (command === "DATA" && line?.startsWith("354")) text = "";
  };
  say("CONNECT");
  socket.on("data", (chunk) => {
    buffer += chunk;
    for (let end = buffer.indexOf("\r\n"); end >= 0; end = buffer.indexOf("\r\n")) {
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      if (text === undefined) say(line.slice(0, 4).toUpperCase());
      else if (line !== ".") text += `${line}\r\n`;
      else {
        came.push(text);
        text = undefined;
        say(".");
      }
    }
  });
});

let url: string;
let smtp: Smtp;
beforeAll(async () => {
  for (const server of [http, mail]) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterAll(() => {
  http.closeAllConnections();
  http.close();
  mail.close();
});
beforeEach(() => {
  came = [];
  reply = polite;
  const { port } = mail.address() as AddressInfo;
  smtp = openSmtp(parseSmtp(`smtp://127.0.0.1:${port}?from=vigil@clinic.example`).smtp as never);
  return () => {
    smtp.close();
    for (const socket of sockets) socket.destroy();
  };
});

interface Kind {
  kind: "WEBHOOK" | "SLACK" | "SMS" | "EMAIL";
  recipient?: string;
  config(at: string): object;
  secrets(at: string): object;
  /** How its provider says that it took it, and what it calls the message. */
  takes: Answer;
  providerId?: string;
}
const json =
  (body: object, status = 200): Answer =>
  (response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
const kinds: Record<string, Kind> = {
  "a webhook": {
    kind: "WEBHOOK",
    config: (at) => ({ url: `${at}/hook` }),
    secrets: () => ({ secret: `whsec_${Buffer.from("canary-of-the-secret-24b").toString("base64")}` }),
    takes: json({}),
  },
  "Slack's webhook": {
    kind: "SLACK",
    config: () => ({}),
    secrets: (at) => ({ webhookUrl: `${at}/services/canary-of-the-secret` }),
    takes: (response) => response.end("ok"),
  },
  "Slack's bot": {
    kind: "SLACK",
    config: () => ({ channel: "C123" }),
    secrets: () => ({ botToken: "xoxb-canary-of-the-secret" }),
    takes: json({ ok: true, ts: "1.2" }),
    providerId: "1.2",
  },
  "an SMS": {
    kind: "SMS",
    recipient: "+15125550100",
    config: () => ({ to: ["+15125550100"] }),
    secrets: () => ({}),
    takes: json({ sid: "SM1" }, 201),
    providerId: "SM1",
  },
  "an e-mail": {
    kind: "EMAIL",
    recipient: "ann@clinic.example",
    config: () => ({ to: ["ann@clinic.example"] }),
    secrets: () => ({}),
    takes: () => undefined,
    providerId: `<${id}@vigil.example>`,
  },
};

async function send(
  of: Kind,
  {
    at = url,
    signal = new AbortController().signal,
    priority = message.priority,
    kind = message.kind,
    firstOfThread = null as string | null,
  } = {},
): Promise<Sent> {
  const channel = openChannels({
    smtp,
    twilio: { accountSid: `AC${"0".repeat(32)}`, authToken: "canary-of-the-secret", from: "+15125550199", apiUrl: at },
    allowPrivate: true,
    publicUrl: "https://vigil.example",
    readsMailReports: false,
    slackApiUrl: at,
    now: Date.now,
  })[of.kind];
  const config = channel.config.parse(of.config(at)) as never;
  const secrets = channel.secrets.parse(of.secrets(at)) as never;
  const delivery = {
    message: { ...message, priority, kind },
    organizationId,
    recipient: of.recipient ?? "",
    firstOfThread,
  };
  const sent = await channel.send({ ...delivery, config, secrets, signal });
  expect(JSON.stringify(sent)).not.toContain("canary"); // neither a secret nor the receiver's words
  expect(sent.detail.length).toBeGreaterThan(5);
  return sent;
}

describe.each(Object.entries(kinds))("a channel that sends %s", (_name, of) => {
  const isMail = of.kind === "EMAIL";

  it("says that it was taken, and what the provider calls it; a second try carries the same id", async () => {
    answer = of.takes;
    for (const _ of [1, 2]) {
      const sent = await send(of);
      expect(sent).toMatchObject({ outcome: "SENT", ...(of.providerId ? { providerId: of.providerId } : {}) });
    }
    expect(came).toHaveLength(2);
    expect(came.map((one) => /An.attack/.test(one))).toEqual([true, true]);
    if (of.kind === "WEBHOOK" || isMail) expect(came.map((one) => one.includes(id))).toEqual([true, true]);
  });

  it("N4 tries again, as late as it is told, what a busy or broken provider did not take", async () => {
    if (isMail) {
      for (const code of ["421", "450", "451", "452"]) {
        reply = (command, socket) => (command === "RCPT" ? `${code} ${canary}` : polite(command, socket));
        expect(await send(of)).toMatchObject({ outcome: "RETRY" });
      }
      return;
    }
    answer = (response) => response.writeHead(429, { "retry-after": "90" }).end(canary);
    expect(await send(of)).toMatchObject({ outcome: "RETRY", afterMs: 90_000, channelWaits: true });
    for (const status of [500, 502, 503, 504]) {
      answer = (response) => response.writeHead(status).end(canary);
      const sent = await send(of);
      expect(sent).toMatchObject({ outcome: "RETRY" });
      expect(sent).not.toMatchObject({ channelWaits: true });
    }
  });

  it("tries again what a provider broke off, before its answer or within", async () => {
    if (isMail) {
      for (const at of ["CONNECT", "EHLO", "MAIL", "DATA", "."]) {
        reply = (command, socket) => {
          if (command === at) return void socket.destroy();
          return polite(command, socket);
        };
        expect([at, (await send(of)).outcome]).toEqual([at, "RETRY"]);
      }
      return;
    }
    answer = (response) => response.destroy();
    expect(await send(of)).toMatchObject({ outcome: "RETRY" });
    answer = (response) => response.writeHead(200, { "content-length": "100" }).write("{", () => response.destroy());
    // Who needs no body has been told by the status that it was taken.
    expect(["RETRY", "SENT"]).toContain((await send(of)).outcome);
  });

  it("gives a try up when its time is over, at once, whatever the provider is doing", async () => {
    const endless: Answer[] = [
      () => undefined,
      (response) => {
        const timer = setInterval(() => response.write(`${canary} `.repeat(10)), 5);
        response.on("close", () => clearInterval(timer));
      },
    ];
    for (const [at, behaves] of (isMail ? ["CONNECT", "EHLO", ".", "slowly"] : endless).entries()) {
      const given = new AbortController();
      if (typeof behaves === "string") {
        reply = (command, socket) => {
          if (behaves === "slowly") setTimeout(() => socket.write(`${polite(command, socket)}\r\n`), 3_000).unref();
          return command === behaves || behaves === "slowly" ? undefined : polite(command, socket);
        };
      } else answer = behaves;
      const began = performance.now();
      setTimeout(() => given.abort(), 200);
      const sent = await send(of, { signal: given.signal });
      expect([at, sent.outcome === "RETRY" || (at === 1 && sent.outcome === "SENT")]).toEqual([at, true]);
      expect(performance.now() - began).toBeLessThan(2_000);
    }
  });

  it("tries again where nobody is", async () => {
    const closed = createTcpServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    smtp.close();
    smtp = openSmtp(parseSmtp(`smtp://127.0.0.1:${port}?from=vigil@clinic.example`).smtp as never);
    expect(await send(of, { at: `http://127.0.0.1:${port}` })).toMatchObject({ outcome: "RETRY" });
  });

  it("is told by nothing that cannot be read that it failed for good", async () => {
    if (isMail) {
      reply = (command, socket) => (command === "." ? `what? ${canary}` : polite(command, socket));
      expect((await send(of)).outcome).not.toBe("PERMANENT");
      return;
    }
    for (const body of ["<html>{[}", "", "null", '{"ok":"yes"}', `{"sid":{},"ts":[],"code":"21610"}`]) {
      answer = (response) => response.writeHead(200).end(body + (body === "" ? "" : " ".repeat(200_000)));
      const sent = await send(of);
      // Slack's bot says in the body what came of it: a body that says nothing of it is no success.
      if (of.providerId === "1.2") expect(sent.outcome).toBe("RETRY");
      else expect(sent).toMatchObject({ outcome: "SENT" });
    }
  });

  it.skipIf(isMail)("follows no redirect, and stops for good where nothing is wanted any more", async () => {
    answer = (response) => response.writeHead(302, { location: `${url}/elsewhere` }).end(canary);
    expect(await send(of)).toMatchObject({ outcome: "PERMANENT" });
    expect(came).toHaveLength(1);
    answer = (response) => response.writeHead(410).end(canary);
    expect(await send(of)).toMatchObject({ outcome: "PERMANENT", stopChannel: true });
  });

  it.skipIf(of.kind === "WEBHOOK" || of.providerId === undefined)(
    "N8 tells who is not there from what passes",
    async () => {
      if (isMail) reply = (command, socket) => (command === "RCPT" ? `550 5.1.1 ${canary}` : polite(command, socket));
      if (of.kind === "SMS") answer = json({ code: 30_006, message: canary }, 400);
      if (of.kind === "SLACK") answer = json({ ok: false, error: "channel_not_found" });
      expect(await send(of)).toMatchObject({
        outcome: "PERMANENT",
        ...(of.kind === "SLACK" ? {} : { badContact: true }),
      });
      if (isMail) reply = (command, socket) => (command === "RCPT" ? `552 5.2.2 ${canary}` : polite(command, socket));
      if (of.kind === "SMS") answer = json({ code: 21_617, message: canary }, 400);
      if (of.kind === "SLACK") answer = json({ ok: false, error: "ratelimited" });
      const sent = await send(of);
      if (isMail) expect(sent).toMatchObject({ outcome: "PERMANENT", badContact: false });
      if (of.kind === "SLACK") expect(sent).toMatchObject({ outcome: "RETRY" });
    },
  );
});

it("gives nothing up by what a mail server says before an address is named, and no address by what it says of an e-mail", async () => {
  const of = kinds["an e-mail"] as Kind;
  const passes = { outcome: "RETRY" };
  const isBad = { outcome: "PERMANENT", badContact: true };
  const isLost = { outcome: "PERMANENT", badContact: false };
  const said: [string, string, object][] = [
    ["CONNECT", "554 no SMTP service here: we are starting", passes],
    ["CONNECT", "550 your host is on a list", passes],
    ["EHLO", "550 access denied: invalid HELO name", passes],
    ["AUTH", "535 5.7.8 wrong password", passes],
    ["MAIL", "530 5.7.0 authentication required", passes],
    ["MAIL", "550 5.1.0 sender denied", passes],
    ["RCPT", "550 no such user", isBad],
    ["RCPT", "554 5.7.1 relay access denied", isLost],
    ["DATA", "550 no valid recipient", isLost],
    [".", "550 this message scored too many spam points", isLost],
    [".", "550 5.1.1 no such user", isBad],
  ];
  const { port } = mail.address() as AddressInfo;
  const login = parseSmtp(`smtp://vigil:${canary}@127.0.0.1:${port}?from=vigil@clinic.example`).smtp as never;
  for (const [command, line, became] of said) {
    reply = (at, socket) => {
      if (at === command || (command === "EHLO" && at === "HELO")) return line;
      return at === "EHLO" ? "250-sink\r\n250 AUTH PLAIN" : at === "AUTH" ? "235 ok" : polite(at, socket);
    };
    smtp.close();
    smtp = openSmtp(login);
    expect([command, line, await send(of)]).toMatchObject([command, line, became]);
  }
});

it("tells every line of a digest in Slack, in sections that it takes", () => {
  const lines = Array.from({ length: 32 }, (_, n) => `HIGH #${n} <${"&".repeat(30)} a name that somebody chose>`);
  const blocks = slackBlocks({ ...message, text: `32 incidents\n\n${lines.join("\n")}\n\nWhy` }, false) as {
    type: string;
    text: { text: string };
  }[];
  const sections = blocks.flatMap(({ type, text }) => (type === "section" ? [text.text] : []));
  for (const section of sections) expect(section.length).toBeLessThanOrEqual(3_000);
  const said = sections.join("\n").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&").split("\n");
  expect(said.filter((line) => line !== "")).toEqual(["32 incidents", ...lines, "Why"]);
});

it("cuts no character and no entity in two for Slack, which refuses the half of one", () => {
  for (const lead of ["", "a", "aa", "aaa", "aaaa"]) {
    for (const one of ["😀", "&"]) {
      const [, section] = slackBlocks({ ...message, text: lead + one.repeat(3_000) }, false) as {
        text: { text: string };
      }[];
      const text = section?.text.text as string;
      expect(text.length).toBeGreaterThan(2_890);
      expect(text).toMatch(/^\P{Surrogate}*$/u);
      expect(text).toMatch(one === "&" ? /;$/ : /😀$/);
    }
  }
});

describe("a bot of Slack", () => {
  const bot = kinds["Slack's bot"] as Kind;
  /** What Slack was asked, of a message whose thread was begun by `1.1`. */
  async function asked(kind: Message["kind"], update: object = { ok: true, ts: "1.1" }) {
    answer = (response, request) =>
      json(request.url === "/chat.update" ? update : { ok: true, ts: "1.2" })(response, request);
    const sent = await send(bot, { kind, firstOfThread: "1.1" });
    const calls = came.map((one) => [one.split(" ")[0], one.includes('"thread_ts":"1.1","reply_broadcast":true')]);
    came = [];
    return { sent, calls };
  }

  it("brings the first message up to date, and says anew, to the channel, what people are called for", async () => {
    for (const kind of ["OPENED", "RESOLVED"] as const)
      expect((await asked(kind)).calls).toEqual([["/chat.update", false]]);
    for (const kind of ["RAISED", "REOPENED", "BREACHED", "REPEATED", "ESCALATED"] as const) {
      const { sent, calls } = await asked(kind);
      expect(sent).toMatchObject({ outcome: "SENT", providerId: "1.2" });
      expect(calls).toEqual([
        ["/chat.update", false],
        ["/chat.postMessage", true],
      ]);
    }
  });

  it("begins anew where the first message cannot be edited, and tells nobody while Slack is busy", async () => {
    for (const error of ["message_not_found", "edit_window_closed"]) {
      const { sent, calls } = await asked("RESOLVED", { ok: false, error });
      expect(sent).toMatchObject({ outcome: "SENT", providerId: "1.2" });
      expect(calls).toEqual([
        ["/chat.update", false],
        ["/chat.postMessage", false],
      ]);
    }
    const { sent, calls } = await asked("ESCALATED", { ok: false, error: "ratelimited" });
    expect(sent).toMatchObject({ outcome: "RETRY" });
    expect(calls).toEqual([["/chat.update", false]]);
  });
});

it("an e-mail waits for the mail server no longer than its time, and is not sent when that is over", async () => {
  const of = kinds["an e-mail"] as Kind;
  const held: (() => void)[] = [];
  reply = (command, socket) => {
    if (command !== ".") return polite(command, socket);
    held.push(() => socket.write("250 taken\r\n"));
    return undefined;
  };
  const first = [send(of), send(of)]; // as many as there are connections
  await expect.poll(() => held.length).toBe(2);
  const late = await send(of, { signal: AbortSignal.timeout(100) });
  expect(late).toMatchObject({ outcome: "RETRY" });
  reply = polite;
  for (const go of held) go();
  expect((await Promise.all(first)).map(({ outcome }) => outcome)).toEqual(["SENT", "SENT"]);
  expect(await send(of)).toMatchObject({ outcome: "SENT" });
  expect(came).toHaveLength(3);
});

describe("the line before the mail server", () => {
  const of = kinds["an e-mail"] as Kind;
  let held: (() => void)[] = [];
  const holding: Reply = (command, socket) => {
    if (command !== ".") return polite(command, socket);
    held.push(() => socket.write("250 taken\r\n"));
    return undefined;
  };
  beforeEach(() => {
    held = [];
    reply = holding;
  });

  it("has what is CRITICAL and what signs people in before all else", async () => {
    const all: Promise<unknown>[] = [send(of), send(of)]; // as many as there are connections
    await expect.poll(() => held.length).toBe(2);
    for (const _ of [1, 2, 3]) all.push(send(of, { priority: "HIGH" }));
    const link = { to: "ben@clinic.example", subject: "Sign in", text: "A link." };
    all.push(send(of), smtp.send(link));
    came = [];
    for (const n of [2, 4]) {
      for (const go of held.slice(n - 2, n)) go();
      await expect.poll(() => held.length).toBe(n + 2);
    }
    expect(came.slice(0, 2).filter((one) => /Sign in/.test(one))).toHaveLength(1);
    expect(came.slice(2).filter((one) => /Sign in/.test(one))).toHaveLength(0);
    reply = polite;
    for (const go of held.slice(4)) go();
    await Promise.all(all);
    expect(came).toHaveLength(5);
  });

  it("takes nothing from the time of a try, which begins when its turn comes", async () => {
    const limits: AbortController[] = [];
    const given = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
      const limit = new AbortController();
      limits.push(limit);
      return limit.signal;
    });
    const first = [send(of), send(of)];
    const late = send(of);
    await expect.poll(() => held.length).toBe(2);
    expect(limits).toHaveLength(2);
    for (const go of held) go();
    expect((await Promise.all(first)).map(({ outcome }) => outcome)).toEqual(["SENT", "SENT"]);
    await expect.poll(() => held.length).toBe(3);
    expect(given.mock.calls).toEqual([[20_000], [20_000], [20_000]]);
    given.mockRestore();
    limits[2]?.abort();
    expect(await late).toMatchObject({ outcome: "RETRY", detail: "the mail server did not answer in time." });
  });
});
