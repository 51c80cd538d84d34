/** What the overview holds does not grow with how much happens. */
import type { Browser } from "playwright-core";
import { expect, it } from "vitest";
import { failedLogins, ndjson, type TestServer } from "../support/server.ts";
import { atDashboard, withSession } from "./browser.ts";

const attackers = 120; // more than any list or map of the overview shows: the longest has 100
let server: TestServer;
let browser: Browser;
atDashboard((opened) => {
  ({ server, browser } = opened);
});

it("holds as many nodes after the second hundred of attackers from all over the world as after the first", async () => {
  const { page, context } = await withSession(browser, server, { email: "nora@clinic.example", role: "ADMIN" });
  await page.clock.install();
  await page.goto("/");
  await page.getByTitle("Live", { exact: true }).waitFor();
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable");

  /** Each range moves on within a minute, and all that is shown of it is asked for again. */
  async function readAnew(): Promise<void> {
    const places = page.waitForResponse((answer) => !!answer.request().postData()?.includes("query ThreatPlaces"));
    await page.clock.fastForward(61_000);
    await places;
  }

  /** Each attacker has an account and an address of their own, in a network of their own. */
  async function attack(round: number): Promise<void> {
    const names = Array.from({ length: attackers }, (_, n) => ({
      user: `user-${round}-${n}`,
      from: `${60 + n}.${round}.8.8`,
    }));
    await server.ingest(ndjson(names.flatMap(({ user, from }) => failedLogins(user, 20, from))));
    await page
      .locator(".widget", { hasText: "Incident list" })
      .getByText(`-${round}-`)
      .or(page.getByText(`.${round}.8.8`))
      .first()
      .waitFor();
    await readAnew(); // what was asked for while they came in does not have them all
    await expect.poll(() => page.locator(".board circle").count()).toBeGreaterThan(20); // answered is not drawn yet
  }

  async function nodes(): Promise<number> {
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "Nodes")?.value ?? Number.NaN;
  }

  await attack(1);
  const before = await nodes();
  await attack(2);
  expect(await page.locator(".board li").count()).toBeLessThan(400);
  await expect.poll(nodes, { timeout: 60_000 }).toBeLessThan(before * 1.1);
  expect(before).toBeLessThan(6_000);
  await context.close();
});
