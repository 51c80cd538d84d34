import { describe, expect, it } from "vitest";
import type { EventDraft } from "../../../src/ingest/event.ts";
import type { ParserOptions } from "../../../src/ingest/formats/format.ts";
import { parseSshdMessage, sshd } from "../../../src/ingest/formats/sshd.ts";
import { generateSshd } from "../../generate/sshd.ts";
import fc from "../../support/property.ts";

const now = Date.UTC(2026, 10, 24, 12);

function one(message: string): EventDraft {
  const parsed = parseSshdMessage(message);
  if (!("events" in parsed) || parsed.events.length !== 1) throw new Error(JSON.stringify(parsed));
  return parsed.events[0] as EventDraft;
}

/** What of an event these tests look at, in one line: action outcome user@address:port. */
function brief(event: EventDraft): string {
  const { action, outcome, actor, source } = event;
  return `${action} ${outcome} ${actor?.name ?? ""}@${source?.ip ?? ""}:${source?.port ?? ""}`;
}

function parseAll(lines: string[], options: Partial<ParserOptions> = {}): string[] {
  const parse = sshd.parser({ now, ...options });
  return lines.flatMap((line, i) => {
    const parsed = parse(line, i + 1);
    return "events" in parsed ? parsed.events.map(brief) : ["ignored" in parsed ? "ignored" : parsed.rejection.code];
  });
}

describe("a message of sshd", () => {
  it.each([
    ["Failed password for root from 192.0.2.9 port 4711 ssh2", "login FAILURE root@192.0.2.9:4711"],
    ["Failed none for invalid user ann from 2001:DB8::9 port 4711 ssh2", "login FAILURE ann@2001:db8::9:4711"],
    ["Failed keyboard-interactive/pam for ann from 192.0.2.9 port 1 ssh2", "login FAILURE ann@192.0.2.9:1"],
    ["Failed publickey for ann from 192.0.2.9 port 1 ssh2: RSA SHA256:abc+/=", "login FAILURE ann@192.0.2.9:1"],
    ["Accepted password for ann from 192.0.2.9 port 1 ssh2", "login SUCCESS ann@192.0.2.9:1"],
    ["Accepted publickey for ann from fe80::9%eth0 port 1 ssh2: ED25519 SHA256:abc", "login SUCCESS ann@fe80::9:1"],
    ["Accepted gssapi-with-mic for ann from 192.0.2.9 port 1 ssh2: ann@EXAMPLE.COM", "login SUCCESS ann@192.0.2.9:1"],
    ["Partial publickey for ann from 192.0.2.9 port 1 ssh2: RSA SHA256:abc", "login.partial UNKNOWN ann@192.0.2.9:1"],
    ["Invalid user ann from 192.0.2.9 port 1", "login FAILURE ann@192.0.2.9:1"],
    ["Invalid user ann from 192.0.2.9", "login FAILURE ann@192.0.2.9:"],
    ["Invalid user  from 192.0.2.9 port 1", "login FAILURE @192.0.2.9:1"],
    ["Illegal user ann from ::ffff:192.0.2.9", "login FAILURE ann@192.0.2.9:"],
    ["Connection closed by authenticating user ann 192.0.2.9 port 1 [preauth]", "login FAILURE ann@192.0.2.9:1"],
    ["Connection reset by invalid user ann 192.0.2.9 port 1 [preauth]", "login FAILURE ann@192.0.2.9:1"],
    ["Connection closed by 192.0.2.9 port 1 [preauth]", "login FAILURE @192.0.2.9:1"],
    ["Disconnected from authenticating user ann 192.0.2.9 port 1 [preauth]", "login FAILURE ann@192.0.2.9:1"],
    [
      "error: maximum authentication attempts exceeded for invalid user ann from 192.0.2.9 port 1 ssh2 [preauth]",
      "login FAILURE ann@192.0.2.9:1",
    ],
    [
      "Disconnecting authenticating user ann 192.0.2.9 port 1: Too many authentication failures [preauth]",
      "login FAILURE ann@192.0.2.9:1",
    ],
    [
      "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.9  user=ann",
      "login FAILURE ann@192.0.2.9:",
    ],
    [
      "PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.9  user=ann",
      "login FAILURE ann@192.0.2.9:",
    ],
    ["error: PAM: Authentication failure for illegal user ann from 192.0.2.9", "login FAILURE ann@192.0.2.9:"],
    ["User ann from 192.0.2.9 not allowed because not listed in AllowUsers", "login FAILURE ann@192.0.2.9:"],
    ["ROOT LOGIN REFUSED FROM 192.0.2.9 port 1", "login FAILURE root@192.0.2.9:1"],
    ["fatal: Timeout before authentication for 192.0.2.9 port 1", "login.timeout FAILURE @192.0.2.9:1"],
    [
      "Timeout before authentication for connection from 192.0.2.9 to 192.0.2.1, pid = 5",
      "login.timeout FAILURE @192.0.2.9:",
    ],
    [
      "Unable to negotiate with 192.0.2.9 port 1: no matching cipher found. Their offer: a,b [preauth]",
      "connection.failed FAILURE @192.0.2.9:1",
    ],
    ["error: kex_exchange_identification: banner line contains invalid characters", undefined],
    ["banner exchange: Connection from 2001:db8::9 port 1: invalid format", "connection.failed FAILURE @2001:db8::9:1"],
    [
      "Bad protocol version identification 'GET / HTTP/1.1' from 192.0.2.9 port 1",
      "connection.failed FAILURE @192.0.2.9:1",
    ],
    ["Did not receive identification string from 192.0.2.9", "connection.failed FAILURE @192.0.2.9:"],
    [
      "ssh_dispatch_run_fatal: Connection from invalid user ann 192.0.2.9 port 1: incomplete message [preauth]",
      "connection.failed FAILURE ann@192.0.2.9:1",
    ],
    ["refused connect from scanner.example (192.0.2.9)", "connection.refused FAILURE @192.0.2.9:"],
    ["refused connect from 192.0.2.9", "connection.refused FAILURE @192.0.2.9:"],
    [
      "drop connection #11 from [192.0.2.9]:4711 on [192.0.2.1]:22 past MaxStartups",
      "connection.refused FAILURE @192.0.2.9:4711",
    ],
  ])("%s", (message, expected) => {
    const parsed = parseSshdMessage(message);
    expect("events" in parsed ? parsed.events.map(brief) : []).toEqual(expected === undefined ? [] : [expected]);
  });

  it.each([
    "Server listening on 0.0.0.0 port 22.",
    "Connection closed by 192.0.2.9 port 1",
    "Disconnected from user ann 192.0.2.9 port 1",
    "Received disconnect from 192.0.2.9 port 1:11: Bye Bye [preauth]",
    "pam_unix(sshd:session): session opened for user ann(uid=1) by (uid=0)",
    "Postponed publickey for ann from 192.0.2.9 port 1 ssh2 [preauth]",
    "Connection from 192.0.2.9 port 1 on 192.0.2.1 port 22",
    "input_userauth_request: invalid user ann [preauth]",
    "",
  ])("is no security event: %j", (message) => {
    expect(parseSshdMessage(message)).toHaveProperty("ignored");
  });

  it("keeps its text, the method, the key and the kind", () => {
    expect(one("Failed publickey for ann from 192.0.2.9 port 1 ssh2: RSA SHA256:abc")).toMatchObject({
      logsource: { product: "linux", service: "sshd" },
      category: "AUTHENTICATION",
      message: "Failed publickey for ann from 192.0.2.9 port 1 ssh2: RSA SHA256:abc",
      attributes: { "sshd.event": "failed", "sshd.method": "publickey", "sshd.detail": "RSA SHA256:abc" },
    });
  });

  it("takes no host name for an address, even one that looks like it", () => {
    const event = one("User ann from 192.0.2.9.example.net not allowed because listed in DenyUsers");
    expect(event.source).toBeUndefined();
    expect(event.attributes["source.domain"]).toBe("192.0.2.9.example.net");
    expect(one("refused connect from x (evil.example)").source).toBeUndefined();
  });
});

describe("an attacker who chooses his user name", () => {
  const crafted = [
    " from 1.2.3.4 port 22 ssh2",
    " from 1.2.3.4 port 22 ssh2: RSA SHA256:abc",
    " 1.2.3.4 port 22",
    " 1.2.3.4 port 22: Too many authentication failures",
    " 1.2.3.4 port 22 [preauth]",
    " from 1.2.3.4",
    " (1.2.3.4)",
    " not allowed because listed in DenyUsers",
    " rhost=1.2.3.4  user=root",
    "invalid user ",
    "authenticating user ",
    " for root",
    "'",
    '"',
    " ",
    "]: ",
  ];
  const names = fc
    .array(fc.oneof(fc.constantFrom(...crafted), fc.stringMatching(/^[\x20-\x7e]{1,12}$/)), {
      minLength: 1,
      maxLength: 5,
    })
    .map((pieces) => pieces.join(""));

  it.each([
    (user: string) => `Failed password for invalid user ${user} from 192.0.2.9 port 77 ssh2`,
    (user: string) => `Failed none for invalid user ${user} from 192.0.2.9 port 77 ssh2`,
    (user: string) => `Invalid user ${user} from 192.0.2.9 port 77`,
    (user: string) => `Connection closed by invalid user ${user} 192.0.2.9 port 77 [preauth]`,
    (user: string) => `Connection reset by invalid user ${user} 192.0.2.9 port 77`,
    (user: string) => `Disconnected from authenticating user ${user} 192.0.2.9 port 77 [preauth]`,
    (user: string) =>
      `Disconnecting invalid user ${user} 192.0.2.9 port 77: Too many authentication failures [preauth]`,
    (user: string) =>
      `error: maximum authentication attempts exceeded for invalid user ${user} from 192.0.2.9 port 77 ssh2 [preauth]`,
    (user: string) => `error: PAM: Authentication failure for illegal user ${user} from 192.0.2.9`,
    (user: string) => `User ${user} from 192.0.2.9 not allowed because not in any group`,
    (user: string) =>
      `ssh_dispatch_run_fatal: Connection from invalid user ${user} 192.0.2.9 port 77: incomplete message [preauth]`,
  ])("changes neither address nor name: %s", (write) => {
    fc.assert(
      fc.property(names, (user) => {
        const event = one(write(user));
        expect([event.source?.ip, event.actor?.name]).toEqual(["192.0.2.9", user]);
      }),
      { numRuns: 300 },
    );
  });

  it("gains nothing by the id of a certificate, which follows the place", () => {
    for (const id of crafted) {
      const key = `RSA-CERT SHA256:aaa ID x${id} (serial 0) CA RSA SHA256:bbb`;
      const event = one(`Failed publickey for root from 192.0.2.9 port 77 ssh2: ${key}`);
      expect([event.source?.ip, event.actor?.name]).toEqual(["192.0.2.9", "root"]);
    }
    const hostKey =
      'RSA SHA256:aaa, client user "x from 1.2.3.4 port 22 ssh2: a", client host "x from 1.2.3.4 port 22 ssh2: a"';
    expect(one(`Failed hostbased for root from 192.0.2.9 port 77 ssh2: ${hostKey}`).source?.ip).toBe("192.0.2.9");
  });

  it("is not believed where the end of the line, which is the server's, is missing", () => {
    const cut = "Failed password for invalid user x from 1.2.3.4 port 22 ssh2: y";
    expect(parseSshdMessage(cut)).toHaveProperty("ignored");
  });

  it("can at most hide, not point at another, where he words the end of the message too", () => {
    const change =
      "Change of username or service not allowed: (a,ssh-connection) -> (b 1.2.3.4 port 22: x,ssh-connection)";
    const event = one(`Disconnecting invalid user a 192.0.2.9 port 77: ${change} [preauth]`);
    expect(event.source).toBeUndefined();
    const plain = "Change of username or service not allowed: (a,ssh-connection) -> (b,ssh-connection)";
    expect(one(`Disconnecting invalid user a 192.0.2.9 port 77: ${plain} [preauth]`).source?.ip).toBe("192.0.2.9");
  });
});

describe("an auth.log", () => {
  const failed = "Failed password for root from 192.0.2.9 port 1 ssh2";
  const failure = "login FAILURE root@192.0.2.9:1";
  const detail = "login.detail UNKNOWN root@192.0.2.9:1";

  it("gives events with their time, machine and process", () => {
    const parsed = sshd.parser({ now })(`Nov  4 10:11:12 gw sshd-session[42]: ${failed}`, 1);
    expect(parsed).toMatchObject({
      events: [
        {
          time: Date.UTC(2026, 10, 4, 10, 11, 12),
          attributes: { "host.name": "gw", "process.name": "sshd-session", "process.pid": 42 },
        },
      ],
    });
  });

  it("counts apart what is another program's, and what is no log line", () => {
    const lines = [
      "Nov  4 10:11:12 gw sudo: ann : TTY=pts/0",
      "Nov  4 10:11:12 gw sshd[1]: Server listening",
      "",
      "what?",
    ];
    expect(parseAll(lines)).toEqual(["ignored", "ignored", "ignored", "UNPARSED_LINE"]);
    expect(sshd.parser({ now })("what?", 8)).toMatchObject({
      rejection: { index: 7, message: expect.stringContaining("line 8") },
    });
  });

  it("gives as many events as syslog says that a message was repeated", () => {
    expect(parseAll([`Nov  4 10:11:12 gw sshd[1]: message repeated 3 times: [ ${failed}]`])).toEqual([
      failure,
      failure,
      failure,
    ]);
    const bsd = [`Nov  4 10:11:12 gw sshd[1]: ${failed}`, "Nov  4 10:11:20 gw last message repeated 2 times"];
    expect(parseAll(bsd)).toEqual([failure, failure, failure]);
    expect(parseAll(bsd.slice(1))).toEqual(["ignored"]);
    expect(parseAll([`Nov  4 10:11:12 gw sshd[1]: message repeated 999999999 times: [ ${failed}]`])).toHaveLength(
      1_000,
    );
  });

  it("counts an attempt once that several lines of one process tell of", () => {
    const rhost = "logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.9  user=root";
    const lines = [
      `pam_unix(sshd:auth): authentication failure; ${rhost}`,
      failed,
      failed,
      "Connection closed by authenticating user root 192.0.2.9 port 1 [preauth]",
      `PAM 1 more authentication failure; ${rhost}`,
    ].map((message) => `Nov  4 10:11:12 gw sshd[7]: ${message}`);
    const unsourced = (action: string) => `${action} root@192.0.2.9:`;
    expect(parseAll(lines)).toEqual([
      unsourced("login FAILURE"),
      detail,
      failure,
      detail,
      unsourced("login.detail UNKNOWN"),
    ]);
    expect(parseAll(lines, { everyLine: true }).every((line) => line.startsWith("login FAILURE"))).toBe(true);
    const modules = ["pam_unix", "pam_sss"].map(
      (module) => `Nov  4 10:11:12 gw sshd[8]: ${module}(sshd:auth): authentication failure; ${rhost}`,
    );
    const said = `Nov  4 10:11:12 gw sshd[8]: ${failed}`;
    const failures = (each: string[]) => parseAll(each).filter((line) => line.startsWith("login FAILURE")).length;
    expect(failures([...modules, said])).toBe(1);
    expect(failures([...modules, said, ...modules, said])).toBe(2);
    expect(failures([...modules, ...modules])).toBe(2);
  });

  it("does not take the attempts of two connections for one", () => {
    const line = (pid: number, at: string, message: string) => `Nov  4 ${at} gw sshd[${pid}]: ${message}`;
    const closed = "Connection closed by authenticating user root 192.0.2.9 port 1 [preauth]";
    expect(parseAll([line(1, "10:00:00", failed), line(2, "10:00:00", closed)])).toEqual([failure, failure]);
    expect(parseAll([line(1, "10:00:00", failed), line(1, "10:30:00", closed)])).toEqual([failure, failure]);
    const invalid = "Invalid user root from 192.0.2.8 port 1";
    expect(parseAll([line(1, "10:00:00", invalid), line(1, "10:00:00", failed)])[1]).toBe(failure);
    expect(parseAll([line(1, "10:00:00", invalid), line(1, "10:00:01", invalid)])[1]).toBe(
      "login FAILURE root@192.0.2.8:1",
    );
  });

  it("is read whole, as a generated one is", () => {
    const lines = [...generateSshd({ seed: 5, lines: 5_000, start: Date.UTC(2026, 9, 1) })];
    expect(lines).toEqual([...generateSshd({ seed: 5, lines: 5_000, start: Date.UTC(2026, 9, 1) })]);
    const read = parseAll(lines);
    expect(read).not.toContain("UNPARSED_LINE");
    expect(read.filter((line) => line.startsWith("login SUCCESS")).length).toBeGreaterThan(100);
    expect(read.filter((line) => line.startsWith("login FAILURE")).length).toBeGreaterThan(500);
  });

  it.each([" from ", " port ", " from 1.2.3.4 port 22 ssh2: ", "a", " ", "[", "'", "]: ", "<1>", " 1.2.3.4 port 2: "])(
    "is read in linear time, whatever it repeats: %j",
    (piece) => {
      const hostile = piece.repeat(100_000 / piece.length);
      const parse = sshd.parser({ now });
      const starts = [
        "",
        "Failed password for ",
        "Invalid user ",
        "Disconnecting invalid user ",
        "User ",
        "refused connect from ",
      ];
      const more = [
        "Connection closed by invalid user ",
        "pam_unix(sshd:auth): authentication failure; ",
        "drop connection #1 from [",
      ];
      const began = process.cpuUsage();
      for (const start of [...starts, ...more]) parse(`Nov  4 10:11:12 gw sshd[7]: ${start}${hostile}`, 1);
      parse(`Nov  4 10:11:12 ${hostile}`, 1);
      parse(`<38>1 2026-11-04T10:11:12Z gw sshd 1 - [${hostile}`, 1);
      parse(hostile, 1);
      expect(process.cpuUsage(began).user).toBeLessThan(2_000_000); // a quadratic one takes minutes
    },
  );
});
