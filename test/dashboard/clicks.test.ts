/** How many times somebody who is here for the first time has to click or press until an attack is over. */
import type { Browser, Locator } from "playwright-core";
import { expect, it } from "vitest";
import type { TestServer } from "../support/server.ts";
import { atDashboard, withSession } from "./browser.ts";

const mostClicks = 4;

let server: TestServer;
let browser: Browser;
atDashboard((opened) => {
  ({ server, browser } = opened);
});

/** Whether it can be seen without scrolling: whoever is here for the first time does not know that there is more. */
const isInSight = (element: Locator): Promise<boolean> =>
  element.evaluate((node) => {
    const { top, left, bottom, right } = node.getBoundingClientRect();
    return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
  });

const desktop = { viewport: { width: 1440, height: 900 } };
const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

it.each([
  { from: "the overview", path: "/", address: "203.0.113.21", screen: desktop },
  { from: "the list of incidents", path: "/incidents", address: "203.0.113.22", screen: desktop },
  { from: "the list of incidents on a phone", path: "/incidents", address: "203.0.113.23", screen: phone },
])(
  "blocks an address and resolves its incident in at most four clicks from $from, after showing whom the block would have hit",
  async ({ path, address, screen }) => {
    const name = `rita-${address}`;
    const person = { email: `${name}@clinic.example`, role: "RESPONDER" as const };
    const { page, context, faults } = await withSession(browser, server, person, screen);
    const made: string[] = []; // what a person did: each click, touch and key
    await context.exposeBinding("__made", (_, what: string) => void made.push(what));
    await context.addInitScript(() => {
      const told = (window as unknown as { __made(what: string): void }).__made;
      addEventListener(
        "click",
        (event) => event.isTrusted && told(`click ${(event.target as Element).textContent}`),
        true,
      );
      addEventListener("keydown", (event) => event.isTrusted && told(`key ${event.key}`), true);
    });
    await page.goto(path);
    await page.getByTitle("Live", { exact: true }).waitFor();
    await server.failLogins("ann", { times: 30, from: address });

    const press = async (element: Locator): Promise<void> => {
      await element.waitFor();
      expect(await isInSight(element)).toBe(true);
      await element.click();
    };
    await press(page.locator("main a[href^='/incidents/']", { hasText: address }));
    await press(page.getByRole("button", { name: `Block address ${address}` }));
    const dialog = page.getByRole("dialog");
    await dialog.getByText(/^\d+ requests?, \d+ sessions?, (\d+ people|1 person)$/).waitFor();
    await press(dialog.getByRole("button", { name: "Block address and resolve" }));
    await page.getByText("In force", { exact: true }).waitFor();
    await page.getByText("Resolved", { exact: true }).first().waitFor();

    const { data } = await server.query<{ decisions: object; incidents: object }, object>(
      `{ decisions(filter: { value: { eq: "${address}" }, type: { eq: BLOCK_IP } }) { nodes { type inForce } }
       incidents(filter: { words: { has: "${address}" } }) { nodes { status resolution } } }` as never,
      {},
    );
    expect(data).toEqual({
      decisions: { nodes: [{ type: "BLOCK_IP", inForce: true }] },
      incidents: { nodes: [{ status: "RESOLVED", resolution: "TRUE_POSITIVE" }] },
    });
    expect(made.length).toBeGreaterThanOrEqual(3);
    expect([made, made.length <= mostClicks]).toEqual([made, true]);
    expect(faults).toEqual([]);
    await context.close();
  },
);

it("resolves by what ends no attack only where that is ticked, and says where it could not", async () => {
  const { page, context } = await withSession(browser, server, { email: "rob@clinic.example", role: "RESPONDER" });
  await server.failLogins("ann", { times: 30, from: "203.0.113.24" });
  await page.goto("/incidents?words=203.0.113.24");
  await page.getByRole("link", { name: "203.0.113.24" }).click();
  await page.getByRole("button", { name: "Respond…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Block address and resolve" }).waitFor();
  await dialog.getByLabel("What", { exact: true }).selectOption("NOTIFY_ADMIN");
  await dialog.getByRole("button", { name: "Tell administrators", exact: true }).waitFor();
  await dialog.getByLabel("Then resolve the incident as an attack").check();
  const answers: Record<string, object> = {
    IncidentRespond: { incidentRespond: { outcome: "APPLIED", refusal: null, userErrors: [] } },
    IncidentResolve: { incidentResolve: { userErrors: [{ code: "CONFLICT", message: "It is gone.", path: [] }] } },
  };
  await page.route("**/graphql", (route) => {
    const name = /mutation (\w+)/.exec(route.request().postData() ?? "")?.[1];
    return name && answers[name] ? route.fulfill({ json: { data: answers[name] } }) : route.fallback();
  });
  await dialog.getByRole("button", { name: "Tell administrators and resolve" }).click();
  await dialog.getByText("It is gone.").waitFor();
  await dialog.getByText("Tell administrators: done. But the incident could not be resolved.").waitFor();
  await dialog.getByRole("button", { name: "Resolve", exact: true }).waitFor(); // and nothing is done twice
  await context.close();
});

it("asks first what fits whom the incident is about", async () => {
  const { page, context } = await withSession(browser, server, { email: "rob@clinic.example", role: "RESPONDER" });
  await server.failLogins("zoe", { times: 10, from: "203.0.113.25" });
  await page.goto("/incidents?words=zoe");
  await page.getByRole("link", { name: "zoe" }).click();
  await page.getByRole("button", { name: "Respond…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Ask for a second factor" }).waitFor();
  expect(await dialog.getByLabel("To whom or what").inputValue()).toBe("zoe");
  await dialog.getByText(/^10 requests, /).waitFor();
  await context.close();
});
