/** What each page says while it loads, where there is nothing, where something cannot be read, and to whoever may not see it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page, Route } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { PeopleRole } from "../../src/access/viewer.ts";
import type { TestServer } from "../support/server.ts";
import { atDashboard, axe, visit, withSession } from "./browser.ts";

let server: TestServer;
let browser: Browser;
atDashboard((opened) => {
  ({ server, browser } = opened);
});

/** Every page of the dashboard, as its table has it: its path, and the permission that it takes. */
const table = readFileSync(join(import.meta.dirname, "../../src/dashboard/pages.ts"), "utf8");
const pages = [...table.matchAll(/^ {4}path: "([^"]+)",(.*?)^ {4}view:/gms)].map(([, path = "", rest = ""]) => ({
  path,
  permission: /permission: "([^"]+)"/.exec(rest)?.[1],
}));

/** A thing that is not there, for the pages of one thing; and the tabs of pages that have some. */
const examples: Record<string, string[]> = {
  "/dashboards/:id": ["/dashboards/bm9uZQ=="],
  "/incidents/:number": ["/incidents/1"],
  "/entities/:kind/:key": ["/entities/user/nobody"],
  "/rules/:id": ["/rules/bm9uZQ=="],
  "/response": ["/response", "/response?tab=rules", "/response?tab=enforcers"],
  "/notifications": ["/notifications", "/notifications?tab=preferences"],
  "/channels": ["/channels", "/channels?tab=routes", "/channels?tab=templates"],
  "/users": ["/users", "/users?tab=keys", "/users?tab=factor"],
};
const places = pages.flatMap(({ path, permission }) =>
  (examples[path] ?? [path]).map((address) => ({ address, permission })),
);

/** The dashboard of somebody who has seen nothing of it yet. */
async function arrive(email: string, role: PeopleRole) {
  const visitor = await withSession(browser, server, { email, role });
  await visitor.page.goto("/nowhere");
  return visitor;
}

/** What a page says, once nothing is on its way any more. */
async function said(page: Page, address: string): Promise<string> {
  await visit(page, address);
  const main = page.getByRole("main");
  await page.waitForFunction(() => document.querySelectorAll("[aria-label=Loading]").length === 0);
  return (await main.textContent()) ?? "";
}

it("knows an address for every page with a parameter", () => {
  expect(pages.length).toBeGreaterThan(15);
  expect(pages.filter(({ path }) => path.includes(":")).filter(({ path }) => !examples[path])).toEqual([]);
});

describe("an organization in which nothing has happened", () => {
  it("finds pages that say so, what to do, and nothing that axe finds", async () => {
    const { page, context, faults } = await arrive("eva@clinic.example", "ADMIN");
    const found: Record<string, unknown> = {};
    for (const { address } of places) {
      const text = await said(page, address);
      const wrong = [
        ...(await page.getByRole("main").getByRole("alert").allInnerTexts()),
        ...(/undefined|NaN|Infinity|\[object/.exec(text) ?? []),
        ...(await axe(page)),
      ];
      if (wrong.length > 0 || text.length < 30) found[address] = { wrong, text };
    }
    expect(found).toEqual({});
    expect(faults).toEqual([]);
    await context.close();
  });
});

describe("whoever may see least", () => {
  it("is told what they may not see and which permission it takes, and sees the rest whole", async () => {
    const { page, context, faults } = await arrive("vic@clinic.example", "VIEWER");
    const viewer = "{ viewer { permissions } }" as never;
    const { data } = await server.query<{ viewer: { permissions: string[] } }, object>(
      viewer,
      {},
      await server.token("VIEWER"),
    );
    const refused = places.filter(({ permission }) => permission && !data.viewer.permissions.includes(permission));
    expect(refused.map(({ address }) => address)).toContain("/audit");
    for (const { address, permission } of places) {
      const text = await said(page, address);
      const isRefused = refused.some((one) => one.address === address);
      const forbidden = `You may not see this. It takes the permission ${permission}.`;
      expect([address, text.includes(forbidden)]).toEqual([address, isRefused]);
      expect([address, await page.getByText("This could not be read.").count()]).toEqual([address, 0]);
    }
    expect(faults).toEqual([]);
    await context.close();
  });
});

describe("while the API fails", () => {
  /** What asks who is signed in goes through; the rest has the other answer. */
  const unless = (answer: (route: Route) => Promise<void>) => (route: Route) =>
    route.request().postData()?.includes("query ViewerSession") ? route.continue() : answer(route);
  const fault = { errors: [{ message: "Something broke here.", extensions: { code: "INTERNAL" } }] };

  it("every page says that it could not be read and why, and reads it when asked again", async () => {
    const { page, context } = await arrive("fay@clinic.example", "ADMIN");
    const found: Record<string, string> = {};
    for (const { address } of places) {
      await page.route(
        "**/graphql",
        unless((route) => route.fulfill({ status: 500, json: fault })),
      );
      const text = await said(page, address);
      const asksNothing = ["/live", "/notifications?tab=preferences", "/users?tab=factor"].includes(address);
      if (!text.includes("This could not be read. Something broke here.") && !asksNothing) found[address] = text;
      const again = page.getByRole("main").getByRole("button", { name: "Try again" });
      await page.unroute("**/graphql");
      for (let left = await again.count(); left > 0; left = await again.count()) {
        await again.first().click();
        await expect.poll(() => again.count(), { timeout: 60_000 }).toBeLessThan(left);
      }
      const later = await page.getByRole("main").textContent();
      if (later?.includes("This could not be read.")) found[address] = `still: ${later}`;
    }
    expect(found).toEqual({});
    await context.close();
  });

  it("every page shows that it loads, as long as nothing is answered", async () => {
    const { page, context } = await arrive("lou@clinic.example", "ADMIN");
    await page.route(
      "**/graphql",
      unless(() => new Promise(() => {})),
    );
    const found: string[] = [];
    for (const { address } of places) {
      // What is there asks for nothing that is not known to whoever comes from another page.
      await (address === "/users?tab=factor" ? page.goto(address) : visit(page, address));
      const shows = page.getByRole("main").getByRole("status", { name: "Loading" }).first();
      const isThere = await shows.waitFor({ timeout: 30_000 }).then(
        () => true,
        () => false,
      );
      if (!isThere) found.push(address);
    }
    expect(found).toEqual([]);
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  });

  it("an incident's page keeps what is being written when it cannot be read anew, and says so", async () => {
    const { page, context } = await withSession(browser, server, { email: "flo@clinic.example", role: "RESPONDER" });
    await server.failLogins("ann", { times: 30, from: "203.0.113.81" });
    await page.goto("/incidents");
    await page.getByRole("link", { name: "203.0.113.81" }).click();
    const text = page.getByLabel("Comment");
    await text.fill("Half a thought");
    await page.route("**/graphql", (route) =>
      route.request().postData()?.includes("query IncidentPage(") ? route.fulfill({ json: fault }) : route.fallback(),
    );
    await page.getByRole("button", { name: "Acknowledge" }).click();
    await page.getByText("This could not be read. Something broke here.").waitFor();
    expect(await text.inputValue()).toBe("Half a thought");
    await page.unrouteAll({ behavior: "ignoreErrors" });
    // It may be gone by then: a change of the incident that comes meanwhile has it read anew, too.
    const again = page.getByRole("button", { name: "Try again" });
    await again.click({ timeout: 5_000 }).catch(() => undefined);
    await page.getByText("Acknowledged", { exact: true }).first().waitFor();
    expect(await text.inputValue()).toBe("Half a thought");
    await context.close();
  });
});
