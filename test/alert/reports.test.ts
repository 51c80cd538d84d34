import { expect, it } from "vitest";
import type { Report } from "../../src/alert/record.ts";
import { createReports } from "../../src/alert/reports.ts";

const report = (n: number): Report => ({ latencyMs: n }) as Report;
const isBad = ({ latencyMs }: Report): boolean => latencyMs === 13;

it("writes a report at once, those that come meanwhile together, and one that cannot be written alone", async () => {
  const written: number[][] = [];
  let go: (() => void) | undefined;
  const reports = createReports(async (_, batch) => {
    written.push(batch.map(({ latencyMs }) => latencyMs));
    if (written.length === 1) await new Promise<void>((resolve) => void (go = resolve));
    if (batch.some(isBad)) throw new Error("a bad one");
  });
  const first = reports.add("org", report(1));
  const meanwhile = [12, 13, 14].map((n) => reports.add("org", report(n)));
  const another = reports.add("another", report(2));
  await another; // nobody waits for another organization's
  expect(written).toEqual([[1], [2]]);
  go?.();
  await first;
  const ended = await Promise.allSettled(meanwhile);
  expect(ended.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(written.slice(2)).toEqual([[12, 13, 14], [12], [13], [14]]);
  await reports.add("org", report(5));
  expect(written.at(-1)).toEqual([5]);
});
