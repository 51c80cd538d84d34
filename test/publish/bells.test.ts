import { randomUUID } from "node:crypto";
import { expect, inject, it, vi } from "vitest";
import type { Log } from "../../src/log.ts";
import { openBells } from "../../src/publish/bells.ts";
import { redisUrls } from "../../src/redis.ts";
import { quiet } from "../support/database.ts";
import { givenRedis, ofEach } from "../support/given-redis.ts";

const never = new AbortController().signal;

// A rejection that nobody takes would end the process; here it fails the run.
it("bells are closed while subscriptions are being made and ended", async () => {
  for (const redisUrl of [inject("redisUrl"), undefined]) {
    const bells = openBells(redisUrl, quiet);
    const heard = bells.listen("first", "incident", never);
    await heard.wait(5_000); // until it is subscribed
    const second = bells.listen("second", "incident", never);
    bells.listen("second", "alert", never);
    heard.close();
    second.close();
    await bells.close();
  }
  await new Promise((resolve) => setImmediate(resolve));
});

it("a server whose Redis refuses subscriptions goes on, says so, and hears once they are allowed", async () => {
  const admin = await givenRedis();
  const name = `deaf-${randomUUID()}`;
  await ofEach(admin, (node) => node.call("ACL", "SETUSER", name, "on", ">word", "~*", "+@all", "resetchannels"));
  const urls = redisUrls(inject("redisUrl")).map((url) => url.replace("://", `://${name}:word@`));
  const warn = vi.fn();
  const bells = openBells(urls.join(","), { ...quiet, warn } as unknown as Log);
  const bell = bells.listen("one", "incident", never);
  await vi.waitFor(() => expect(warn.mock.calls.join()).toContain("refuses a subscription"), 5_000);
  await ofEach(admin, (node) => node.call("ACL", "SETUSER", name, "allchannels"));
  await bell.wait(60_000); // it is subscribed
  const other = openBells(inject("redisUrl"), quiet);
  const rung = bell.wait(60_000);
  await vi.waitFor(async () => {
    other.ring("one", "incident"); // lost while the other's connection is being made
    await Promise.race([rung, Promise.reject(new Error("not yet"))]);
  }, 10_000);
  await Promise.all([bells.close(), other.close()]);
  await ofEach(admin, (node) => node.call("ACL", "DELUSER", name));
  admin.disconnect();
});
