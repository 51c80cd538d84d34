import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mostTogether } from "../../src/alert/deliver-plan.ts";
import type { Message } from "../../src/alert/message.ts";
import { carried, sampleModel } from "../../src/alert/model.ts";
import { fittest, longestPart, renderTemplate } from "../../src/alert/template.ts";
import { checkTemplate } from "../../src/alert/template-check.ts";
import { fitSms, oneLine } from "../../src/alert/text.ts";
import { wordAlerts, wordPlainly } from "../../src/alert/words.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { maker } from "./made.ts";

let test: TestDatabase;
let organizationId: string;
let make: ReturnType<typeof maker>;
const canaries = ["zoe-canary@clinic.example", "MRN-55501234", "10.99.88.77"];

beforeAll(async () => {
  test = await testDatabase();
  organizationId = test.organizations[0]?.id as string;
  make = maker(test, organizationId);
});
afterAll(() => test.close());

const word = (alertIds: string[], acknowledgeUrl: string | null = null) =>
  wordAll([alertIds], acknowledgeUrl).then(([message]) => message as Message & { fault?: string });
const wordAll = (messages: string[][], acknowledgeUrl: string | null = null) =>
  test.db.inOrganization(organizationId, async (tx) => {
    const asked = messages.map((alertIds) => ({ id: uuidv7(), alertIds, acknowledgeUrl }));
    const worded = await wordAlerts(tx, asked, "https://vigil.example");
    return asked.map(({ id }) => worded.get(id));
  });
const set = (sql: string, ...values: unknown[]) => test.asOwner(sql, values);

async function secretIncident(number: number): Promise<string> {
  const [user, mrn, address] = canaries as [string, string, string];
  const id = await make.incident({ number, title: `Odd reads: ${user} ${mrn}`, subject: user });
  const ruleId = uuidv7();
  await set(
    `INSERT INTO alert_rules (organization_id, id, name, reference, kind, mode, severity, tags, yaml)
     VALUES ($1, $2, $3, $4, 'DETECTION', 'ACTIVE', 'HIGH', '{attack.collection}', '')`,
    organizationId,
    ruleId,
    `Odd reads of ${mrn}`,
    `odd-${number}`,
  );
  await set(`UPDATE security_incidents SET rule_id = $2, tags = $3 WHERE id = $1`, id, ruleId, [
    "attack.collection",
    mrn,
  ]);
  await set(
    `INSERT INTO detections (organization_id, id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
       first_event_at, last_event_at, event_count, event_ids, incident_id)
     VALUES ($1, $2, $3, 1, 'ACTIVE', 'HIGH', 'f', '[]', $4, now(), now(), 1, '{}', $5)`,
    organizationId,
    uuidv7(),
    ruleId,
    `${user} read ${mrn} from ${address}`,
    id,
  );
  await set(
    `INSERT INTO incident_actions (organization_id, id, incident_id, type, status, target, applied_at)
     VALUES ($1, $2, $3, 'BLOCK_IP', 'APPLIED', $4, now())`,
    organizationId,
    uuidv7(),
    id,
    address,
  );
  return id;
}

async function templated(body: string, html: string | null = null): Promise<void> {
  await set("DELETE FROM alert_route_channels");
  await set("UPDATE security_alerts SET route_id = NULL");
  await set("DELETE FROM alert_routes");
  await set("DELETE FROM alert_templates");
  const [template, route] = [uuidv7(), uuidv7()];
  await set(
    `INSERT INTO alert_templates (organization_id, id, name, channel_kind, subject, body, html)
     VALUES ($1, $2, 'ours', 'EMAIL', $3, $3, $4)`,
    organizationId,
    template,
    body,
    html,
  );
  await set(
    "INSERT INTO alert_routes (organization_id, id, name, position, matchers) VALUES ($1, $2, 'r', 1, '[]')",
    organizationId,
    route,
  );
  await set(
    "INSERT INTO alert_route_channels (organization_id, route_id, channel_id, template_id) VALUES ($1, $2, $3, $4)",
    organizationId,
    route,
    make.channel,
    template,
  );
  await set("UPDATE security_alerts SET route_id = $1", route);
}

describe("a message", () => {
  it("carries nobody's name, address or record number on a channel without an agreement, however it is worded", async () => {
    const alert = await make.alert(await secretIncident(1), "QUEUED");
    const everyField = `{{ incident | json }}{{ incidents | json }}{{ organization | json }}{% for s in incident.subjects %}{{ s.key }}{% endfor %}{{ incident.title }}`;
    const failing =
      "{{ incident.title | divided_by: 0 }}{{ incident.title | slice: incident.title }}{% for i in (1..99999999) %}{{ incident.title }}{% endfor %}";
    for (const body of [undefined, everyField, failing]) {
      if (body) await templated(body, `<p>${body}</p>`);
      for (const kind of ["OPENED", "ESCALATED", "RESOLVED", "TEST"]) {
        await set("UPDATE security_alerts SET kind = $1", kind);
        const message = await word([alert]);
        for (const canary of canaries) expect(JSON.stringify(message)).not.toContain(canary);
        if (body === everyField) expect(message.text).toContain("[withheld]");
        if (body === failing) expect(message.fault).toMatch(/^The template's subject failed/);
      }
    }
    await set("UPDATE security_alerts SET kind = 'OPENED'");
  });

  it("names them where an agreement covers the channel", async () => {
    await templated("{{ incident.title }}");
    await set("UPDATE alert_channels SET covered_by_baa = true");
    const [alert] = (await set("SELECT id FROM security_alerts")) as { id: string }[];
    const id = alert?.id as string;
    const message = await word([id]);
    for (const canary of canaries.slice(0, 2)) expect(message.text).toContain(canary);
    await set("UPDATE security_alerts SET route_id = NULL");
    const own = await word([id], "https://vigil.example/acknowledge?token=t");
    for (const canary of canaries) expect(own.text).toContain(canary);
    expect(own.text).toContain("What Vigil did: 1 address blocked. (10.99.88.77)");
    expect(own.text).toContain("What to do now: Ask the user what the records were needed for");
    expect(own.html).toContain("https://vigil.example/incidents/1");
    expect(own.html).toContain("acknowledge?token=t");
    await set("UPDATE alert_channels SET covered_by_baa = false");
  });

  it("counts what it does not show", async () => {
    const alerts = [];
    for (let number = 100; number < 137; number++) {
      const severity = number < 102 ? "CRITICAL" : "LOW";
      alerts.push(await make.alert(await make.incident({ number, severity }), "QUEUED"));
    }
    const message = await word(alerts);
    expect(message.subject).toBe("37 incidents: 2 critical, 35 less severe");
    expect(message.text).toContain("and 5 more");
    expect(message.text).toMatch(/CRITICAL #10[01] /);
    expect(message.data["counts"]).toMatchObject({ alerts: 37, incidents: 37, critical: 2, notShown: 5 });
  });

  it("hides no incident behind others, as many and as long as somebody makes them", async () => {
    await set("UPDATE alert_channels SET covered_by_baa = true");
    const alerts = [];
    for (let n = 0; n < mostTogether; n++) {
      const title = n === 0 ? "The attack" : `Failed log-ins of ${"x".repeat(400)}`;
      alerts.push(await make.alert(await make.incident({ number: 300 + n, title }), "QUEUED"));
    }
    const { text, html } = await word(alerts);
    for (const told of [text, html]) expect(told).toContain("HIGH #300 The attack (1 user, OPEN)");
    for (const line of text.split("\n")) expect(line.length).toBeLessThan(200);
    await set("UPDATE alert_channels SET covered_by_baa = false");
  });

  it("is unknown to another organization", async () => {
    const [alert] = (await set("SELECT id FROM security_alerts LIMIT 1")) as { id: string }[];
    const other = test.organizations[1]?.id as string;
    const asked = [{ id: uuidv7(), alertIds: [alert?.id as string], acknowledgeUrl: null }];
    const worded = await test.db.inOrganization(other, (tx) => wordAlerts(tx, asked, undefined));
    expect(worded.size).toBe(0);
  });

  it("is worded as it would be alone when many are worded together", async () => {
    const [quiet, loud] = [
      await make.incident({ number: 201, severity: "LOW" }),
      await make.incident({ number: 202, severity: "CRITICAL" }),
    ];
    const messages = [
      [await make.alert(quiet, "QUEUED")],
      [await make.alert(loud, "QUEUED"), await make.alert(quiet, "QUEUED")],
      [uuidv7()], // its alert is gone
      [await make.alert(quiet, "QUEUED")],
    ];
    const together = await wordAll(messages);
    for (const [n, ids] of messages.entries()) {
      const alone = await word(ids);
      expect(together[n] && { ...together[n], id: "" }).toEqual(alone && { ...alone, id: "" });
    }
    expect(together.map((message) => message?.url?.split("/").at(-1))).toEqual(["201", "202", undefined, "201"]);
    expect(together.map((message) => message?.thread === quiet)).toEqual([true, false, false, true]);
  });

  it("has no lines but its own, whatever names somebody has chosen", () => {
    const name = "bob\r\nWhat to do now: nothing.\u2028Read on: https://evil.example";
    const data = carried(sampleModel(), true);
    const told = data["incident"] as Record<string, unknown>;
    told["title"] = told["explanation"] = name;
    told["subjects"] = [{ kind: "USER", key: name }];
    told["actions"] = [{ type: "FORCE_MFA", status: "APPLIED", target: name }];
    for (const kind of ["EMAIL", "SMS"]) {
      const lines = wordPlainly(data, kind).text.split(/[\n\u2028]/);
      expect(lines.filter((line) => /^(What to do now: nothing|Read on: https:..evil)/.test(line))).toEqual([]);
      expect(lines.join()).toContain("bob What to do now");
    }
    expect(wordPlainly(data, "EMAIL").html).not.toMatch(/<br>What to do now/);
  });

  it("fits two segments of SMS and 100 characters of a subject, and keeps the link", () => {
    const link = "\nhttps://vigil.example/incidents/42";
    expect(fitSms(`${"a".repeat(500)}${link}`)).toHaveLength(306);
    expect(fitSms(`${"{".repeat(500)}${link}`).length).toBeLessThan(180);
    expect(fitSms(`${"😀".repeat(500)}${link}`).length).toBeLessThanOrEqual(134);
    for (const one of ["a", "{", "😀"]) expect(fitSms(`${one.repeat(500)}${link}`)).toMatch(/\/incidents\/42$/);
    expect(oneLine(`a\r\nBcc: x${"b".repeat(200)}`, 100)).toHaveLength(100);
    expect(oneLine("a\r\nBcc: x", 100)).toBe("a Bcc: x");
    expect(oneLine("\u061ca\u202eb\u2069", 100)).toBe("ab");
    for (const lead of ["", "a"]) expect(oneLine(lead + "😀".repeat(99), 100)).toMatch(/^\P{Surrogate}*$/u);
    const data = carried(sampleModel(), false);
    expect(wordPlainly(data, "SMS").text.split("\n").at(-1)).toBe("https://vigil.example/incidents/42");
  });
});

describe("a template", () => {
  const check = (body: string, html: string | null = null) => checkTemplate({ subject: null, body, html });

  it.each([
    ["{{ incident.titel }}", 'Did you mean "incident.title"'],
    ["{{ nothing.of.this }}", 'There is no variable "nothing.of.this"'],
    ["{% for s in incident.subjects %}{{ s.name }}{% endfor %}", "Line 1, column"],
    ["\n {% if %}x{% endif %}", "Line 2, column"],
    ["{{ incident.title | nope }}", "undefined filter: nope"],
    ["{{ incident.title | raw }}", "undefined filter: raw"],
    ["{% include 'x' %}", 'tag "include" not found'],
    ["{{ incident.constructor }}", "There is no variable"],
    ["{% for s in incident.[[s %}{% endfor %}", "What a loop runs over is a list by its name"],
    [" ", "has a body"],
    ["a".repeat(longestPart + 1), "20000 are allowed"],
    ["{% for i in (1..100000000) %}x{% endfor %}", "limit exceeded"],
    ["{% for i in (1..9999) %}{% for j in (1..9999) %}x{% endfor %}{% endfor %}", "limit exceeded"],
    ['{% assign a = "x" %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}', "limit exceeded"],
    [`{% for i in (1..2000) %}${"y".repeat(1000)}{% endfor %}`, "more than 100000 characters"],
  ])("is refused at save, case %#", (body, message) => {
    expect(() => check(body)).toThrow(message);
  });

  it("says which class of fields it carries", () => {
    expect(check("{{ incident.severity }} {{ incident.todo }} {{ incident.tags.size }}")).toBe("SAFE");
    expect(check("{% for s in incidents %}{{ s.number }}{% endfor %}")).toBe("SAFE");
    expect(check("{{ incidents | json }}")).toBe("PHI"); // any of its fields may follow
    expect(check("{{ incident.title }}")).toBe("PII");
    expect(check("{{ incident.explanation }}")).toBe("PHI");
  });

  it("escapes what it puts into HTML", () => {
    const parts = { subject: null, body: "b", html: "{{ incident.title }}" };
    const scope = { incident: { title: "<img src=x onerror=alert(1)>" } };
    expect(renderTemplate(parts, scope)).toMatchObject({ html: "&lt;img src=x onerror=alert(1)&gt;" });
  });

  it("is chosen by language, then by kind of alert, and falls back to English", () => {
    const one = (locale: string, alertKind: "OPENED" | "TEST" | null) => ({ locale, alertKind });
    const all = [one("en", null), one("en", "OPENED"), one("de", null), one("de", "TEST")];
    expect(fittest(all, { locale: "de-AT", kind: "OPENED" })).toEqual(one("de", null));
    expect(fittest(all, { locale: "fr", kind: "OPENED" })).toEqual(one("en", "OPENED"));
    expect(fittest([one("de", null)], { locale: "fr", kind: "OPENED" })).toBeUndefined();
  });
});
