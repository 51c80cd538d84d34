/** The forms behind links in messages, in a real browser: what it says of itself when their buttons are pressed. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { Services } from "../../src/schema/context.ts";
import { type Serving, serving } from "../server/serving.ts";
import { leaveBrowser, openBrowser, patience } from "./browser.ts";

vi.setConfig(patience);

let browser: Awaited<ReturnType<typeof openBrowser>>;
let server: Serving;
beforeAll(async () => {
  const outside = {
    look: async () => [{ id: "1", number: 7, severity: "HIGH", status: "OPEN" }],
    acknowledge: async () => ["Incident #7 is yours"],
  };
  server = await serving({ alerting: { outside } as unknown as Services["alerting"] });
  browser = await openBrowser();
});
afterAll(async () => {
  vi.resetConfig();
  await leaveBrowser(browser);
  await server?.close();
});

it.each([
  ["/sign-in/confirm?token=good", "Sign in", "The server is running"],
  ["/acknowledge?token=good", "Acknowledge", "Incident #7 is yours"],
  ["/was-this-you?token=good", "Yes, it was me", "Nothing more is to be done"],
])("%s does what its button says, and names its token to nobody", async (path, button, said) => {
  const context = await browser.newContext({ baseURL: server.url });
  const page = await context.newPage();
  const referrers: (string | undefined)[] = [];
  page.on("request", (request) => void request.allHeaders().then(({ referer }) => referrers.push(referer)));
  await page.goto(path);
  await page.getByRole("button", { name: button }).click();
  await page.getByText(said).waitFor();
  expect(referrers.filter((one) => one?.includes("token"))).toEqual([]);
  await context.close();
});
