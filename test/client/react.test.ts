/** The hooks in a page: what they subscribe to when components come, change and go, and what they show. */
import { setImmediate } from "node:timers/promises";
import { Window } from "happy-dom";
import { createElement, StrictMode } from "react";
import type { Root } from "react-dom/client";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { createClient, type VigilClient } from "../../src/client/index.ts";
import { type Live, useLatest, useLive } from "../../src/client/react.ts";
import { Line } from "../support/line.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { incidentEvents } from "./operations.ts";

let server: TestServer;
let line: Line;
let page: Window;
let client: VigilClient;
let createRoot: (container: Element) => Root;
let root: Root;
beforeAll(async () => {
  server = await testServer({});
  line = await Line.open(() => Number(new URL(server.url).port));
  page = new Window({ url: server.url });
  vi.stubGlobal("window", page);
  vi.stubGlobal("navigator", { onLine: true, userAgent: "" });
  vi.stubGlobal("document", page.document);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  ({ createRoot } = await import("react-dom/client")); // looks for a page when it is loaded
  client = createClient({
    url: line.url,
    token: server.admin,
    webSocket: WebSocket,
    retry: { first: 20, longest: 100 },
  });
});
afterEach(async () => {
  root?.unmount();
  // What effects leave behind React does in immediates to come, and it looks at the window then.
  for (let n = 0; n < 3; n++) await setImmediate();
});
afterAll(async () => {
  await client.close();
  await line[Symbol.asyncDispose]();
  await page.happyDOM.close();
  vi.unstubAllGlobals();
  await server.close();
});

const patient = { timeout: 20_000 };
const streams = () => server.streams().streams;

/** A page with one component that shows what its hook gives; answers what it shows, and everything it has shown. */
function mount<Props extends object>(useIt: (props: Props) => Live<unknown>, props: Props, strict = false) {
  const shown: Live<unknown>[] = [];
  function Shown(given: Props) {
    const live = useIt(given);
    shown.push(live);
    return createElement("output", null, JSON.stringify([live.state, live.value ?? null]));
  }
  const container = page.document.createElement("main");
  root = createRoot(container as unknown as Element);
  const render = (given: Props): void => {
    const element = createElement(Shown, given);
    root.render(strict ? createElement(StrictMode, null, element) : element);
  };
  render(props);
  const text = (): unknown => JSON.parse(container.textContent || "null");
  return { render, text, shown };
}

const gauge = "subscription ($interval: Duration!) { realtimeMetrics(interval: $interval) { openIncidents } }";
const useGauge = ({ interval }: { interval: string }) => useLatest<object, object>(client, gauge, { interval });
const openOf = (open: unknown) => ["live", { realtimeMetrics: { openIncidents: open } }];
const anyNumber = expect.any(Number);

const numbersOf = (after: string) => () =>
  useLive(
    client,
    incidentEvents,
    {},
    {
      after,
      initial: [] as (number | undefined)[],
      reduce: (numbers, event) =>
        event.type === "change" ? [...numbers, event.data.incidentEvents.incident?.number] : numbers,
    },
  );

it("subscribes when a component mounts, and leaves when it unmounts", async () => {
  const { text } = mount(useGauge, { interval: "PT1H" });
  await expect.poll(text, patient).toEqual(openOf(anyNumber));
  expect(streams()).toBe(1);
  root.unmount();
  await expect.poll(streams, patient).toBe(0);
});

it("subscribes anew when its variables change, not when they are only made anew, and leaves what it had", async () => {
  const { text, render, shown } = mount(useGauge, { interval: "PT1H" });
  await expect.poll(text, patient).toEqual(openOf(anyNumber));
  const before = server.streams().executed;
  const renders = shown.length;
  render({ interval: "PT1H" });
  await expect.poll(() => shown.length, patient).toBeGreaterThan(renders);
  expect([streams(), server.streams().executed]).toEqual([1, before]);
  render({ interval: "PT30M" });
  await expect.poll(() => server.streams().executed, patient).toBe(before + 1);
  await expect.poll(text, patient).toEqual(openOf(anyNumber));
  await expect.poll(streams, patient).toBe(1);
});

it("has one subscription under StrictMode, whose effects run, are undone and run again", async () => {
  const after = await server.app.feed.cursor(server.ours);
  const { text } = mount(numbersOf(after), {}, true);
  await expect.poll(text, patient).toEqual(["live", []]);
  await server.failLogins("strict ann", { times: 10 });
  await expect.poll(text, patient).toEqual(["live", [anyNumber]]);
  await expect.poll(streams, patient).toBe(1);
  root.unmount();
  await expect.poll(streams, patient).toBe(0);
});

it("says that it is offline, and shows what was missed, once and in order, when the network is back", async () => {
  const after = await server.app.feed.cursor(server.ours);
  const { text, shown } = mount(numbersOf(after), {});
  await server.failLogins("online bob", { times: 10 });
  await expect.poll(text, patient).toEqual(["live", [anyNumber]]);
  vi.stubGlobal("navigator", { onLine: false, userAgent: "" });
  line.down();
  page.dispatchEvent(new page.Event("offline"));
  await expect.poll(text, patient).toEqual(["offline", [anyNumber]]);
  for (const user of ["offline carol", "offline dan"]) await server.failLogins(user, { times: 10 });
  line.heal();
  vi.stubGlobal("navigator", { onLine: true, userAgent: "" });
  page.dispatchEvent(new page.Event("online")); // without it the next try would be a minute later
  await expect.poll(text, patient).toEqual(["live", [anyNumber, anyNumber, anyNumber]]);
  const [first, ...others] = (shown.at(-1)?.value ?? []) as number[];
  expect(others).toEqual([1, 2].map((n) => (first as number) + n));
});

it("shows why it ended where it may not follow, and the rest of the page goes on", async () => {
  const nobody = createClient({ url: server.url, token: server.key, webSocket: WebSocket });
  const { shown } = mount(() => useLatest<object, object>(nobody, gauge, { interval: "PT1S" }), {});
  await expect.poll(() => shown.at(-1), patient).toMatchObject({ state: "closed", error: { code: "FORBIDDEN" } });
  await nobody.close();
});
