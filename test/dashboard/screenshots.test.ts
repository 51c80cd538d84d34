/** Pictures of every page, to be looked at: `npm run screenshots`. Skipped where VIGIL_SCREENSHOTS names no directory. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ndjson, type TestServer, testServer } from "../support/server.ts";
import { buildDashboard, dashboardDir, leaveBrowser, openBrowser, signedIn } from "./browser.ts";

const directory = process.env["VIGIL_SCREENSHOTS"];
const places = ["8.8.8.8", "3.5.140.2", "87.123.1.1", "73.1.2.3", "203.0.113.9"];
const pages = {
  overview: "/",
  incidents: "/incidents",
  incident: "/incidents/1",
  alerts: "/alerts",
  entities: "/entities",
  entity: "/entities/address/8.8.8.8",
  live: "/live",
  rules: "/rules",
  "rule-editor": "/rules/new",
  response: "/response",
  "response-rules": "/response?tab=rules",
  enforcers: "/response?tab=enforcers",
  notifications: "/notifications",
  "how-i-am-told": "/notifications?tab=preferences",
  audit: "/audit",
  channels: "/channels",
  routes: "/channels?tab=routes",
  templates: "/channels?tab=templates",
  "on-call": "/on-call",
  silences: "/silences",
  users: "/users",
  keys: "/users?tab=keys",
  settings: "/settings",
  status: "/status",
};
const screens = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
};

describe.skipIf(!directory)("pictures", () => {
  let server: TestServer;
  let browser: Browser;
  beforeAll(async () => {
    buildDashboard();
    [server, browser] = await Promise.all([testServer({ dashboardDir }), openBrowser()]);
    await mkdir(directory as string, { recursive: true });
    for (const [n, from] of places.entries()) await server.failLogins(`user${n}`, { times: 30, from });
    const reads = Array.from({ length: 30 }, (_, n) => ({
      action: "view",
      category: "data",
      outcome: "success",
      actor: { name: `nurse${n % 5}` },
      source: { ip: "73.1.2.3" },
      target: { type: "record", id: `r${n}` },
    }));
    await server.ingest(ndjson(reads));
  }, 120_000);
  afterAll(async () => {
    await leaveBrowser(browser);
    await server?.close();
  });

  it.each(Object.keys(screens).flatMap((screen) => ["light", "dark"].map((colors) => [screen, colors] as const)))(
    "of every page on a %s, %s",
    async (screen, colors) => {
      const { page, context, faults } = await signedIn(
        browser,
        server,
        { email: "ada@clinic.example", role: "ADMIN" },
        { ...screens[screen as keyof typeof screens], colorScheme: colors as "light" | "dark" },
      );
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.waitForFunction(() => document.querySelectorAll("[aria-label=Loading]").length === 0);
        await page.evaluate(() => document.fonts.ready);
        await page.screenshot({ path: join(directory as string, `${name}-${screen}-${colors}.png`), fullPage: true });
      }
      expect(faults).toEqual([]);
      await context.close();
    },
    300_000,
  );
});
