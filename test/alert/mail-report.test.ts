import { describe, expect, it } from "vitest";
import { envelopeIdOf, readMailReport } from "../../src/alert/mail-report.ts";
import { enhancedOf, refusesAddress } from "../../src/alert/mail-status.ts";
import { dsn } from "./dsn.ts";

const organization = "0198f0c0-0000-7000-8000-000000000001";
const id = "<0198f0c0-0000-7000-8000-00000000000a@vigil.example>";
const about = { id, organization, to: "ann@clinic.example", action: "failed", status: "5.1.1" };
const read = (raw: string) => readMailReport(Buffer.from(raw));

describe("a report of a mail server", () => {
  it("is told by the headers that it returns, by a whole message, or by the envelope id", async () => {
    for (const raw of [
      dsn(about),
      dsn({ ...about, envelope: envelopeIdOf(id, organization) }),
      dsn(about).replace("text/rfc822-headers", "message/rfc822"),
      dsn(about).replaceAll("message/delivery-status", "message/global-delivery-status"),
      dsn(about).replaceAll("\r\n", "\n"),
    ]) {
      const told = await read(raw);
      expect(told?.organizationId).toBe(organization);
      expect(told?.report).toMatchObject({
        kind: "EMAIL",
        providerId: id,
        hasArrived: false,
        detail: "A mail server reports that it has not arrived: 5.1.1, there is no such mailbox.",
      });
      expect(told?.report.isBadContact("Ann@clinic.example")).toBe(true);
      expect(JSON.stringify(told)).not.toContain("canary");
    }
  });

  it("blames an address only where the address is at fault, and is ours", async () => {
    const isBad = async (more: Partial<Parameters<typeof dsn>[0]>, of = about.to) =>
      (await read(dsn({ ...about, ...more })))?.report.isBadContact(of);
    expect(await isBad({ status: "5.2.2" })).toBe(false); // full
    expect(await isBad({ status: "5.7.1" })).toBe(false); // a policy: ours, mostly
    expect(await isBad({ status: "5.1.10" })).toBe(true);
    expect(await isBad({ to: "list@clinic.example", at: "left@elsewhere.example" })).toBe(false);
    expect(await isBad({ to: "list@clinic.example", at: "left@elsewhere.example" }, "list@clinic.example")).toBe(true);
  });

  it("that says that an e-mail is on its way, is of several recipients or of an e-mail of others, is none", async () => {
    for (const action of ["delayed", "relayed", "expanded", ""])
      expect(await read(dsn({ ...about, action }))).toBe(undefined);
    const another = `Final-Recipient: rfc822; bob@clinic.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--X`;
    expect(
      await read(
        dsn(about).replace(
          "\r\n\r\n--X/mail.example\r\nContent-Type: text/rfc822",
          `\r\n\r\n${another}/mail.example\r\nContent-Type: text/rfc822`,
        ),
      ),
    ).toBe(undefined);
    expect(await read(dsn({ ...about, organization: "of others" }))).toBe(undefined);
    expect(await read(dsn({ ...about, envelope: `x.${id.slice(1, -1)}` }))).toBe(undefined);
    expect(await read("Subject: out of office\r\n\r\nBack on Monday")).toBe(undefined);
    expect(await read("")).toBe(undefined);
  });

  it("that is nested without end, or has headers or lines without end, is none", async () => {
    const nested = Array.from(
      { length: 2_000 },
      (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`,
    );
    expect(await read(nested.join(""))).toBe(undefined);
    expect(await read(`${"X: y\r\n".repeat(50_000)}\r\n`)).toBe(undefined);
    expect(await read(dsn(about).replace("I'm sorry", "\n".repeat(100)))).not.toBe(undefined);
    expect(await read(dsn(about).replace("I'm sorry", "\n".repeat(5_000)))).toBe(undefined);
  });
});

it("N8 takes a reply for the address's fault by its enhanced code, else where the recipient was refused", () => {
  const refuses = (reply: string, toRecipient: boolean) =>
    refusesAddress({ code: Number(reply.slice(0, 3)), enhanced: enhancedOf(reply), toRecipient });
  const table: [string, boolean, boolean][] = [
    ["550 5.1.1 no such user", true, true],
    ["550-5.1.1 no such user", true, true],
    ["550 no such user", true, true],
    ["550 no such user", false, false], // as those are answered whose words look like spam
    ["550 5.1.1 no such user", false, true],
    ["554 no", true, true],
    ["554 no", false, false],
    ["550 5.7.1 your address is on a list", true, false],
    ["552 mailbox full", true, false],
    ["550 5.2.2 mailbox full", true, false],
    ["535 5.7.8 wrong password", false, false],
    ["450 4.2.1 try again", true, false],
    ["550 5.1.1x not a code", true, true],
  ];
  for (const [reply, toRecipient, isBad] of table) expect([reply, refuses(reply, toRecipient)]).toEqual([reply, isBad]);
});
