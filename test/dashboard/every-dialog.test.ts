/**
 * Every button of every page, pressed on a phone, full of what attackers write: each dialog, menu, tab and preview that opens
 * shows that as text, fits, and can be used by all.
 */
import type { Browser, Page } from "playwright-core";
import { expect, it } from "vitest";
import type { TestServer } from "../support/server.ts";
import { atDashboard, axe, visit } from "./browser.ts";
import { corpus, type Hostile, harmOf, hostile, shownCorpus } from "./hostile.ts";

const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
let server: TestServer;
let browser: Browser;
let made: Hostile;
const tabs: Page[] = [];
atDashboard(async (opened) => {
  ({ server, browser } = opened);
  made = await hostile(browser, server, phone);
  tabs.push(made.page, await made.context.newPage());
});

const pages = (): string[] => [
  "/",
  `/dashboards/${encodeURIComponent(made.idOf("Dashboard", "dashboards"))}?arrange`,
  "/incidents",
  "/incidents/900000",
  "/alerts",
  "/entities",
  "/live",
  "/rules?name=canary",
  `/rules/${encodeURIComponent(made.idOf("AlertRule", "alert_rules"))}`,
  "/response?view=all",
  "/response?tab=rules",
  "/response?tab=enforcers",
  "/notifications",
  "/notifications?tab=preferences",
  "/audit",
  "/channels",
  "/channels?tab=routes",
  "/channels?tab=templates",
  "/on-call",
  "/silences",
  "/users",
  "/users?tab=keys",
  "/users?tab=factor",
  "/settings",
];
/** What does something at once, so that other pages would have less to show; what it does, other tests try. */
const leftAlone = /^(Acknowledge|Investigate|Close|Sign out|Export as JSON|Restore|Refresh)$/;
const pressable = ".top button, main :is(button:not([disabled]), summary, tr.table-open)";
const top = ["Open the pages", "Search or jump to", "Your account"]; // on every page: tried on the first

async function open(page: Page, path: string): Promise<void> {
  if (page.url() === "about:blank") await page.goto(path);
  else await visit(page, path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  if (path.endsWith("?arrange")) await page.locator(".board-edit .widget-head button").first().waitFor(); // it comes by itself
  await settled(page);
}

/** Everything that was asked for has come in. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelectorAll("[aria-label=Loading], [aria-busy=true]").length === 0);
}

/** Names of what can be pressed, and its place; of rows that are alike, one with hostile text. */
function buttonsOf(page: Page): Promise<{ name: string; place: number }[]> {
  return page.locator(pressable).evaluateAll((elements, shown) => {
    const found = new Map<string, { name: string; place: number }>();
    for (const [place, element] of elements.entries()) {
      if (!(element as HTMLElement).checkVisibility()) continue;
      const own = element.getAttribute("aria-label") ?? element.textContent ?? "";
      const name = element.tagName === "TR" ? "a row" : own.trim();
      const isHostile = (own + element.textContent).includes(shown);
      const kind = element.closest("tbody") ? name.split(" ")[0] : name;
      if (!found.has(kind as string) || isHostile) found.set(kind as string, { name, place });
    }
    return [...found.values()];
  }, shownCorpus);
}

const shown: Record<string, boolean> = {};
const wrong: Record<string, unknown[]> = {};

/** The dialog that is open: its title, whether it shows what is hostile, and what is wrong with it. */
async function dialogOf(page: Page): Promise<{ title: string; shows: boolean; wrong: unknown[] } | undefined> {
  const dialog = page.locator("dialog[open]");
  if ((await dialog.count()) === 0) return undefined;
  const { title, text, width } = await dialog.first().evaluate((element) => ({
    title: element.querySelector("h2")?.textContent ?? "",
    // What it says itself, without what is told at the corner meanwhile.
    text: [
      ...element.querySelectorAll<HTMLElement>(":scope > :not(.toasts)"),
      ...element.querySelectorAll<HTMLInputElement>("input, textarea"),
    ]
      .map((one) => ("value" in one ? one.value : one.textContent))
      .join("\n"),
    width: element.scrollWidth - element.clientWidth,
  }));
  const named = title.replace(/canary-.*/s, "…").replace(/[\d,]*\d/, "N");
  const wrong = [
    ...(width > 0 ? [`it is ${width} pixels too wide`] : []),
    ...(named in shown ? [] : await axe(page)), // once of each kind: it takes long
  ];
  return { title: named, shows: text.includes(shownCorpus), wrong };
}

it.concurrent.each([0, 1])("shows what is hostile as text in whatever opens, on tab %i", async (tab) => {
  const page = tabs[tab] as Page;
  for (const path of pages().filter((_, index) => index % tabs.length === tab)) {
    await open(page, path);
    const there = page.url();
    const tried = new Set<string>();
    for (let next = await buttonsOf(page); ; ) {
      const button = next.find(
        ({ name }) =>
          !tried.has(name) && !leftAlone.test(name) && (path === "/" || !top.some((one) => name.startsWith(one))),
      );
      if (!button) break;
      tried.add(button.name);
      await page
        .locator(pressable)
        .nth(button.place)
        .evaluate((element) => (element as HTMLElement).click()); // also where a menu that is open lies above it
      await settled(page);
      const harm = await harmOf(page);
      const dialog = await dialogOf(page);
      if (dialog) shown[dialog.title] ||= dialog.shows;
      const faults = [...(harm ? [harm] : []), ...(dialog?.wrong ?? [])];
      if (faults.length > 0) wrong[`${path}: ${button.name}`] = faults;
      if (dialog) await page.keyboard.press("Escape");
      if (page.url() !== there || (await page.locator("dialog[open]").count()) > 0) await open(page, path);
      next = await buttonsOf(page);
    }
  }
});

it("found nothing wrong with what opened, and saw every dialog", () => {
  expect(wrong).toEqual({});
  expect(shown).toMatchObject({
    "Add widget": false,
    "Block address": true,
    "Configure …": true,
    "Delete this dashboard?": true,
    "Edit …": true,
    "End the silence": true,
    "Entry N": true,
    "Export the audit log": false,
    "New API key": false,
    "New channel": false,
    "New dashboard": false,
    "New decision": false,
    "New response rule": false,
    "New response webhook": false,
    "New route": true,
    "New silence": false,
    "New template": false,
    Opened: true,
    "Remove …": true,
    "Report of incident N": true,
    "Resolve incident N": false,
    Respond: true,
    "Save what is shown as a filter": false,
    "Search or jump to": false,
    "Share this dashboard?": true,
  });
});

it("shows a rule's faults, samples and a template's preview as text", async () => {
  const [page] = tabs as [Page];
  await open(page, "/rules/new");
  const editor = page.getByLabel("Sigma document");
  const yaml = await editor.inputValue();
  await editor.fill(yaml.replace("condition: selection", `condition: ${JSON.stringify(corpus)}`));
  await page.locator(".rule-check .form-errors").waitFor();
  expect(await harmOf(page)).toBe(undefined);
  await editor.fill(yaml.replace(/title: .*/, `title: ${JSON.stringify(corpus)}`));
  await page.getByText("Try it on events").click();
  await page.getByLabel("A JSON array").fill(JSON.stringify([{ action: "export", actor: { name: corpus } }]));
  await page.getByRole("button", { name: "Try", exact: true }).click();
  await page.locator(".rule-samples .badge, .rule-samples .form-errors").first().waitFor();
  expect(await harmOf(page)).toBe(undefined);

  await open(page, "/channels?tab=templates");
  await page.getByRole("button", { name: "New template" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Text", { exact: true }).fill(`{{ incident.severity }} ${corpus}`);
  await dialog.getByLabel("HTML").fill(`<b>{{ incident.severity }}</b> ${corpus}`);
  await dialog.locator(".template-text", { hasText: shownCorpus }).nth(1).waitFor();
  expect(await harmOf(page)).toBe(undefined);
});

it("finds by what is hostile, and shows it as text where one jumps", async () => {
  const [page] = tabs as [Page];
  await open(page, "/");
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill(corpus.slice(0, 60));
  await page.getByRole("option", { name: "Entities with" }).waitFor();
  expect(await harmOf(page)).toBe(undefined);
});

it("complains of nothing meanwhile", () => {
  expect(made.faults).toEqual([]);
});
