/** A journey through each of the pages about response, record and settings, in a real browser. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestServer, testServer } from "../support/server.ts";
import { axe, buildDashboard, dashboardDir, openBrowser, signedIn } from "./browser.ts";

let server: TestServer;
let browser: Browser;
let page: Page;
let faults: string[];
beforeAll(async () => {
  buildDashboard();
  [server, browser] = await Promise.all([testServer({ dashboardDir }), openBrowser()]);
  ({ page, faults } = await signedIn(browser, server, { email: "ada@clinic.example", role: "ADMIN" }));
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** The page as it is once everything has come in; axe-core finds nothing on it. */
async function open(path: string): Promise<void> {
  await page.goto(path);
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
  await dialog().getByLabel("Name").and(page.locator("[aria-invalid=true]")).waitFor();
  await dialog().getByLabel("Name").fill("Block what sprays");
  expect(await axe(page)).toEqual([]);
  await dialog().getByRole("button", { name: "Save" }).click();
  await page.getByText("Block what sprays").waitFor();
  await press("Remove “Block what sprays”");
  await dialog().getByRole("button", { name: "Remove" }).click();
  await toast("The rule was removed.");
  await open("/response?tab=enforcers");
  await page.getByText("No enforcer has asked yet").waitFor();
});

it("complains of nothing meanwhile", () => {
  expect(faults).toEqual([]);
});
