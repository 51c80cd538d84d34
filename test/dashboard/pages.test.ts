/** A journey through each of the pages about response, record and settings, in a real browser. */
import type { Browser, Page } from "playwright-core";
import { expect, it } from "vitest";
import type { TestServer } from "../support/server.ts";
import { atDashboard, axe, signedIn, visit } from "./browser.ts";

let server: TestServer;
let browser: Browser;
let page: Page;
let faults: string[];
atDashboard(async (opened) => {
  ({ server, browser } = opened);
  ({ page, faults } = await signedIn(browser, server, { email: "ada@clinic.example", role: "ADMIN" }));
});

/** The page as it is once everything has come in; axe-core finds nothing on it. */
async function open(path: string): Promise<void> {
  await visit(page, path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll("[aria-label=Loading]").length === 0);
  expect([path, await axe(page)]).toEqual([path, []]);
}

const dialog = () => page.getByRole("dialog");
const toast = (text: string | RegExp) => page.getByRole("status").getByText(text).first().waitFor();
const press = (name: string | RegExp) => page.getByRole("button", { name }).first().click();

it("makes a decision, shows a fault at its field, and revokes it with a reason", async () => {
  await open("/response");
  await page.getByText("Nothing is in force. Nobody is blocked.").waitFor();
  await press("New decision");
  await dialog().getByLabel("Address, e.g.").fill("nowhere");
  await dialog().getByLabel("Why").fill("Password spraying");
  await dialog().getByRole("button", { name: "Block address" }).click();
  await dialog().getByLabel("Address, e.g.").and(page.locator("[aria-invalid=true]")).waitFor();
  await dialog().getByLabel("Address, e.g.").fill("203.0.113.40");
  await dialog()
    .getByText(/0 requests/)
    .waitFor();
  expect(await axe(page)).toEqual([]);
  await dialog().getByRole("button", { name: "Block address" }).click();
  await page.getByText("Nowhere yet").waitFor();
  await press("Revoke: Block address 203.0.113.40");
  await dialog().getByLabel("Why").fill("It was our own scanner");
  await dialog().getByRole("button", { name: "Confirm" }).click();
  await page.getByText("Nothing is in force. Nobody is blocked.").waitFor();
  await press("Over");
  await page.getByText("Revoked", { exact: true }).waitFor();
});

it("makes a response rule after counting what it would have acted on, and removes it again", async () => {
  await open("/response?tab=rules");
  await press("New response rule");
  await dialog()
    .getByText(/0 incidents of the last 30 days/)
    .waitFor();
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByLabel("Name", { exact: true }).and(page.locator("[aria-invalid=true]")).waitFor();
  await dialog().getByLabel("Name", { exact: true }).fill("Block what sprays");
  await dialog().getByLabel("User", { exact: true }).check();
  await dialog().getByLabel("Threat score of at least").fill("101");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByLabel("Threat score of at least").and(page.locator("[aria-invalid=true]")).waitFor();
  await dialog().getByLabel("Threat score of at least").fill("");
  await dialog().getByLabel("Action", { exact: true }).selectOption("SUSPEND_USER");
  await dialog().getByLabel("Against").selectOption("SESSION");
  expect(await axe(page)).toEqual([]);
  await dialog().getByRole("button", { name: "Save" }).click();
  await page.getByText("High or worse · about user").waitFor();
  await page.getByText("Suspend user (session) for 1 hour, once approved").waitFor();
  await press("New response webhook");
  await dialog().getByLabel("Name", { exact: true }).fill("Port closer");
  await dialog().getByLabel("Address", { exact: true }).fill("http://nowhere");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByLabel("Address", { exact: true }).and(page.locator("[aria-invalid=true]")).waitFor();
  await dialog().getByLabel("Address", { exact: true }).fill("https://example.com/close");
  expect(await axe(page)).toEqual([]);
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog()
    .getByText(/^whsec_/)
    .waitFor();
  await page.keyboard.press("Escape");
  await press("Remove Port closer");
  await dialog().getByRole("button", { name: "Remove" }).click();
  await toast("The webhook was removed.");
  await press("Remove “Block what sprays”");
  await dialog().getByRole("button", { name: "Remove" }).click();
  await toast("The rule was removed.");
  await open("/response?tab=enforcers");
  await page.getByText("No enforcer has asked yet").waitFor();
});

it("verifies the audit log, and says so in plain words", async () => {
  await open("/audit");
  await press("Verify now");
  await page.getByText("The log is as it was written").waitFor();
  await page.getByLabel("What was done").fill("decision revoked");
  await page.getByText("Decision revoked").first().waitFor();
  await page.locator("tbody tr").first().click();
  await dialog().getByText("Hash before").waitFor();
  await page.keyboard.press("Escape");
  await press("Export…");
  await dialog().getByRole("button", { name: "Make the export" }).click();
  const path = await dialog().getByRole("link", { name: "Download audit.ndjson" }).getAttribute("href");
  expect((await page.request.get(path ?? "")).status()).toBe(200);
});

it("tells how the server is, and what in its alerting is weak", async () => {
  await open("/status");
  await page.getByText("Database", { exact: true }).waitFor();
  await page.getByText("Alerts waiting").waitFor();
});

it("makes a channel, shows a fault at its field, and removes it after saying what that means", async () => {
  await open("/channels");
  await press("New channel");
  await dialog().getByLabel("Name", { exact: true }).fill("Security team");
  await dialog().getByLabel("E-mail addresses").fill("no address");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByLabel("E-mail addresses").and(page.locator("[aria-invalid=true]")).waitFor();
  await dialog().getByLabel("E-mail addresses").fill("security@clinic.example");
  expect(await axe(page)).toEqual([]);
  await dialog().getByRole("button", { name: "Save" }).click();
  await page.getByText("E-mail: security@clinic.example").waitFor();
  await page.getByRole("tab", { name: "Routes" }).click();
  await press("New route");
  await dialog().getByLabel("Name", { exact: true }).fill("What is high");
  await dialog().getByLabel("Security team").check();
  await dialog().getByLabel("Told again after, seconds").fill("5");
  await dialog().getByRole("button", { name: "Add quiet time" }).click();
  await dialog().getByLabel("Only on these dates").fill("24 Dec");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().locator("[aria-invalid=true]").first().waitFor();
  await dialog().getByLabel("Only on these dates").fill("2026-12-24, 2026-12-25");
  await dialog().getByLabel("Told again after, seconds").fill("3600");
  expect(await axe(page)).toEqual([]);
  await dialog().getByRole("button", { name: "Save" }).click();
  await page.getByText("Severity is at least High").waitFor();
  await press("Edit What is high");
  expect(await dialog().getByLabel("Only on these dates").inputValue()).toBe("2026-12-24, 2026-12-25");
  expect(await dialog().getByLabel("Told again after, seconds").inputValue()).toBe("3600");
  await page.keyboard.press("Escape");
  await open("/channels?tab=templates");
  await press("New template");
  await dialog().getByLabel("Text", { exact: true }).fill("{{ incident.severity }} <b>now</b>");
  await dialog().getByText("<b>now</b>").last().waitFor();
  expect(await axe(page)).toEqual([]);
});

it("counts what a silence would keep quiet before it is made, and ends it", async () => {
  await open("/silences");
  await press("New silence");
  await dialog().getByLabel("With").fill("203.0.113.40");
  await dialog().getByText("It would keep 0 of 0 open incidents quiet.").waitFor();
  await dialog().getByLabel("Why").fill("Penetration test");
  expect(await axe(page)).toEqual([]);
  await dialog().getByRole("button", { name: "Silence", exact: true }).click();
  await page.getByText("Penetration test (ada@clinic.example)").waitFor();
  await press("End…");
  await dialog().getByRole("button", { name: "End it" }).click();
  await toast("The silence has ended.");
});

it("makes a schedule and a policy that calls by it, shows faults at their fields, and keeps what one uses", async () => {
  await open("/on-call");
  await press("New schedule");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByLabel("Name", { exact: true }).first().and(page.locator("[aria-invalid=true]")).waitFor();
  await dialog().getByLabel("Name", { exact: true }).first().fill("Nights <b>");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByText("A layer has 1 to 100 people who take turns.").waitFor();
  await dialog().getByRole("button", { name: "Add person" }).click();
  await dialog().getByRole("button", { name: "Add hours" }).click();
  await dialog().getByLabel("Sat", { exact: true }).check();
  await dialog().getByLabel("From", { exact: true }).fill("20:00");
  expect(await axe(page)).toEqual([]);
  await dialog().getByRole("button", { name: "Save" }).click();
  await toast("The schedule was saved. It holds at once.");
  await page.getByText("Sat 20:00–24:00").waitFor();
  await press("New policy");
  await dialog().getByLabel("Name", { exact: true }).fill("Call them");
  await dialog().getByLabel("Minutes after it began").fill("-1");
  await dialog().getByRole("button", { name: "Add target" }).click();
  await dialog().getByLabel("Whom", { exact: true }).nth(1).selectOption("ROLE");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByLabel("Minutes after it began").and(page.locator("[aria-invalid=true]")).waitFor();
  await dialog().getByLabel("Minutes after it began").fill("2.5");
  await dialog().getByRole("button", { name: "Add step" }).click();
  expect(await axe(page)).toEqual([]);
  await dialog().getByRole("button", { name: "Save" }).click();
  await page.getByText("After 2 minutes 30 seconds:").waitFor();
  await page.getByText("whoever is on call (Nights <b>), everybody who is administrator").waitFor();
  await press("Edit Call them");
  expect(await dialog().getByLabel("Minutes after it began").inputValue()).toBe("2.5");
  await dialog().getByLabel("Begin again, times").fill("2");
  await dialog().getByRole("button", { name: "Save" }).click();
  await page.getByText("Then 2 times more from the beginning.").waitFor();
  await press("Remove Nights <b>");
  await dialog().getByRole("button", { name: "Remove" }).click();
  await dialog().getByRole("alert").getByText("Call them").waitFor();
  await page.keyboard.press("Escape");
  await press("Remove Nights <b>");
  await dialog().getByText("Its stand-ins go with it").waitFor();
  expect(await dialog().getByRole("alert").count()).toBe(0); // what was refused before
  await page.keyboard.press("Escape");
  await press("Calendar…");
  await dialog().getByRole("button", { name: "Make a link" }).click();
  await dialog()
    .getByText(/^https?:.*ics/)
    .waitFor();
  await page.keyboard.press("Escape");
  await press("Stand in…");
  await dialog().getByLabel("Until").fill("2001-01-01T00:00");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByLabel("Until").and(page.locator("[aria-invalid=true]")).waitFor();
  await dialog()
    .getByLabel("Until")
    .fill(new Date(Date.now() + 172_800_000).toISOString().slice(0, 16));
  await dialog().getByRole("button", { name: "Save" }).click();
  await page.getByText("stands in", { exact: true }).waitFor(); // who is on call now
  await press(/^Remove the stand-in/);
  await page.getByText("stands in", { exact: true }).waitFor({ state: "detached" });
});

it("makes a person, shows their link once, suspends them, and makes a key", async () => {
  await open("/users");
  await press("New person");
  await dialog().getByLabel("Name", { exact: true }).fill("Ben Okafor");
  await dialog().getByLabel("E-mail address").fill("not an address");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByLabel("E-mail address").and(page.locator("[aria-invalid=true]")).waitFor();
  await dialog().getByLabel("E-mail address").fill("ben@clinic.example");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByText("/sign-in?token=").waitFor();
  await page.keyboard.press("Escape");
  await press("Suspend Ben Okafor");
  await dialog().getByText("signed out everywhere").waitFor();
  await dialog().getByRole("button", { name: "Suspend", exact: true }).click();
  await page.getByText("Suspended", { exact: true }).waitFor();
  await open("/users?tab=keys");
  await press("New API key");
  await dialog().getByLabel("Name", { exact: true }).fill("Patient portal");
  await dialog().getByRole("button", { name: "Make the key" }).click();
  await dialog()
    .getByText(/^vigil_ingest_/)
    .waitFor();
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined })); // as over plain HTTP
  await dialog().getByRole("button", { name: "Copy" }).click();
  await page.getByText("It could not be copied").waitFor();
  await dialog().getByRole("button", { name: "Dismiss" }).click(); // it stays on every page until then
});

it("keeps settings, and shows what the server refuses at its field", async () => {
  await open("/settings");
  const risk = page.getByRole("region", { name: "Risk and protection" });
  await page.getByLabel("Sign out after so many idle minutes").fill("1000");
  await press("Save");
  await page.getByLabel("Sign out after so many idle minutes").and(page.locator("[aria-invalid=true]")).waitFor();
  const clocks = page.getByRole("region", { name: "How long incidents may take" });
  await clocks.getByLabel("High: minutes until it is contained").fill("90");
  await clocks.getByLabel("Opened again within").fill("99999999");
  await clocks.getByRole("button", { name: "Save" }).click();
  await clocks.getByLabel("Opened again within").and(page.locator("[aria-invalid=true]")).waitFor();
  await clocks.getByLabel("Opened again within").fill("120");
  await clocks.getByRole("button", { name: "Save" }).click();
  await toast("Saved.");
  await risk.getByLabel("High from a score of").fill("65");
  const saved = page.waitForResponse((answer) => answer.request().postData()?.includes("organizationUpdate") ?? false);
  await risk.getByRole("button", { name: "Save" }).click();
  await saved;
  await page.reload();
  await risk.getByLabel("High from a score of").and(page.locator("[value='65']")).waitFor();
  await clocks.getByLabel("High: minutes until it is contained").and(page.locator("[value='90']")).waitFor();
  await clocks.getByLabel("Opened again within").and(page.locator("[value='120']")).waitFor();
});

it("saves at once how somebody wants to be told", async () => {
  await open("/notifications");
  await open("/notifications?tab=preferences");
  const box = page.getByLabel(/^E-mail: An incident, or a task/);
  const saved = page.waitForResponse(
    (answer) => answer.request().postData()?.includes("notificationPreferenceSet") ?? false,
  );
  await box.check();
  await saved;
  await page.reload();
  await box.and(page.locator(":checked")).waitFor();
  await page.getByLabel("Telephone").fill("12345");
  await page.getByRole("button", { name: "Add hours" }).click();
  await page.getByLabel("From", { exact: true }).fill("22:00");
  await press("Save");
  await page.getByLabel("Telephone").and(page.locator("[aria-invalid=true]")).waitFor();
  await page.getByLabel("Telephone").fill("+1 (512) 555-0100");
  await press("Save");
  await toast("Saved.");
  await page.reload();
  await page.getByLabel("From", { exact: true }).and(page.locator("[value='22:00']")).waitFor();
  expect(await page.getByLabel("Telephone").inputValue()).toBe("+15125550100");
  expect(await axe(page)).toEqual([]);
});

it("complains of nothing meanwhile", () => {
  expect(faults).toEqual([]);
});
