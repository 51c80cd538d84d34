import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { serving } from "./serving.ts";

/** A path as it is: fetch() would tidy it up first. */
function statusOf(url: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { path }, (answer) => resolve(answer.resume().statusCode))
      .on("error", reject)
      .end();
  });
}

describe("signing in", () => {
  it("turns a link into a cookie and goes to the dashboard", async () => {
    await using server = await serving({}, { publicUrl: "https://vigil.example" });
    const response = await fetch(`${server.url}/sign-in?token=good`, { redirect: "manual" });
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/");
    const cookie = response.headers.get("set-cookie");
    expect(cookie).toBe("vigil_session=admin; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure");
  });

  it("asks first where another site leads to the link, and uses nothing up at a mere look", async () => {
    await using server = await serving();
    for (const init of [
      { headers: { "sec-fetch-site": "cross-site" } },
      { headers: { "sec-fetch-site": "same-site" } },
      { method: "HEAD" },
    ]) {
      const response = await fetch(`${server.url}/sign-in?token=good`, { ...init, redirect: "manual" });
      expect([response.status, response.headers.get("set-cookie")]).toEqual([200, null]);
      if (init.method !== "HEAD") expect(await response.text()).toContain('<form method="post" action="/sign-in">');
    }
    const opened = await fetch(`${server.url}/sign-in?token=good`, {
      headers: { "sec-fetch-site": "none" },
      redirect: "manual",
    });
    expect(opened.status).toBe(303);
  });

  it("answers the dashboard's own form by a status, and why in JSON", async () => {
    await using server = await serving();
    const redeem = (token: string) =>
      fetch(`${server.url}/sign-in`, {
        method: "POST",
        headers: { accept: "application/json" },
        body: new URLSearchParams({ token }),
      });
    const good = await redeem("good");
    expect([good.status, good.headers.get("set-cookie")?.split(";")[0]]).toEqual([204, "vigil_session=admin"]);
    const bad = await redeem("bad");
    expect([bad.status, ((await bad.json()) as { error: { code: string } }).error.code]).toEqual([
      401,
      "UNAUTHENTICATED",
    ]);
  });

  it("says to people why a link does not work", async () => {
    await using server = await serving();
    const response = await fetch(`${server.url}/sign-in?token=bad`);
    expect(response.status).toBe(401);
    expect(await response.text()).toContain("already used &#60;b&#62;");
    expect(response.headers.get("set-cookie")).toBeNull();
  });
});

describe("signing out", () => {
  it("ends the session behind the cookie and takes the cookie back; without one there is nothing to end", async () => {
    await using server = await serving({}, { publicUrl: "https://vigil.example" });
    const leave = (headers: Record<string, string>) => fetch(`${server.url}/sign-out`, { method: "POST", headers });
    expect((await leave({})).headers.get("set-cookie")).toBeNull();
    const wrong = await leave({ cookie: "vigil_session=gone" });
    expect([wrong.status, server.ended]).toEqual([204, []]);
    const answer = await leave({ cookie: "vigil_session=admin" });
    const cookie = "vigil_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure";
    expect([wrong, answer].map((one) => one.headers.get("set-cookie"))).toEqual([cookie, cookie]);
    expect(server.ended).toEqual(["ada@clinic.example"]);
    expect((await fetch(`${server.url}/sign-out`)).status).toBe(405);
  });
});

describe("health", () => {
  it("is live while the process is, and ready while what it cannot do without is", async () => {
    const parts = [{ name: "database", ok: false, detail: "does not answer" }];
    await using server = await serving({ health: async () => ({ ok: false, ready: false, parts }) });
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
    const ready = await fetch(`${server.url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ ok: false, ready: false, parts });
  });
});

describe("a proxy before the server", () => {
  it("closes a connection before the server does, and passes streams on as they come", async () => {
    await using server = await serving();
    const live = await fetch(`${server.url}/health/live`);
    expect(live.headers.get("keep-alive")).toBe("timeout=95");
    const body = JSON.stringify({ query: "{ __typename }" });
    const ask = (accept: string) =>
      fetch(`${server.url}/graphql`, { method: "POST", headers: { accept, "content-type": "application/json" }, body });
    expect((await ask("text/event-stream")).headers.get("x-accel-buffering")).toBe("no");
    expect((await ask("application/json")).headers.get("x-accel-buffering")).toBeNull();
  });
});

describe("the dashboard", () => {
  it("is served with its files, and nothing beside them", async () => {
    const root = await mkdtemp(join(tmpdir(), "vigil-dashboard-"));
    const dashboardDir = join(root, "dist");
    await mkdir(join(dashboardDir, "assets"), { recursive: true });
    await writeFile(join(root, "secret.js"), "secret");
    await writeFile(join(dashboardDir, "index.html"), "<p>dashboard");
    await writeFile(join(dashboardDir, "assets/app-1a2b.js"), "app");
    await using server = await serving({}, { dashboardDir });
    const page = await fetch(server.url);
    expect(await page.text()).toBe("<p>dashboard");
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    const asset = await fetch(`${server.url}/assets/app-1a2b.js`);
    expect(asset.headers.get("cache-control")).toContain("immutable");
    expect(asset.headers.get("content-type")).toContain("text/javascript");
    for (const path of [
      "/assets/none.js",
      "/assets/",
      "/assets/%2e%2e/%2e%2e/secret.js",
      "/assets/../../secret.js",
      "/assets/%",
    ]) {
      expect([path, await statusOf(server.url, path)]).toEqual([path, 404]);
    }
  });

  it("is every page that a browser opens, and packed as the browser likes it", async () => {
    const dashboardDir = await mkdtemp(join(tmpdir(), "vigil-dashboard-"));
    await mkdir(join(dashboardDir, "assets"));
    await writeFile(join(dashboardDir, "index.html"), "<p>dashboard");
    await writeFile(join(dashboardDir, "assets/app-1a2b.js"), "app");
    await writeFile(join(dashboardDir, "assets/app-1a2b.js.br"), brotliCompressSync("app"));
    await writeFile(join(dashboardDir, "assets/app-1a2b.js.gz"), gzipSync("app"));
    await using server = await serving({}, { dashboardDir });
    const page = (path: string, accept = "text/html") => fetch(server.url + path, { headers: { accept } });
    expect(await (await page("/incidents/42")).text()).toBe("<p>dashboard");
    expect((await page("/incidents/42", "application/json")).status).toBe(404);
    expect(await (await page("/entities/address/203.0.113.9")).text()).toBe("<p>dashboard");
    expect((await page("/assets/none.js")).status).toBe(404);
    expect((await page("/ingest")).status).toBe(405);
    const encodingFor = async (accepted: string) => {
      const asset = await fetch(`${server.url}/assets/app-1a2b.js`, { headers: { "accept-encoding": accepted } });
      expect([await asset.text(), asset.headers.get("vary")]).toEqual(["app", "Accept-Encoding"]);
      return asset.headers.get("content-encoding");
    };
    expect(await encodingFor("gzip, deflate, br")).toBe("br");
    expect(await encodingFor("gzip, br;q=0")).toBe("gzip");
    expect(await encodingFor("identity")).toBeNull();
  });

  it("is a page that leads to GraphiQL where it was not built", async () => {
    await using server = await serving();
    const response = await fetch(server.url);
    expect(await response.text()).toContain('href="/graphql"');
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });
});

it("answers unknown paths with 404 and wrong methods with 405", async () => {
  await using server = await serving();
  expect((await fetch(`${server.url}/nothing`)).status).toBe(404);
  const response = await fetch(`${server.url}/ingest`);
  expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  expect(await statusOf(server.url, "//")).toBe(404);
});
