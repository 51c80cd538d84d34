import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { webhookHeaders } from "../../src/outbound/standard-webhook.ts";
import type { CorpusResult } from "./corpus.ts";
import { exitCode, report } from "./run.ts";
import { runWebhooks } from "./webhooks.ts";

const result = (more: Partial<CorpusResult>): CorpusResult => ({
  corpus: "c",
  passed: 2,
  failed: 0,
  unsupported: 0,
  required: true,
  failures: [],
  ...more,
});

describe("the conformance report", () => {
  it("has a line for each corpus, its failures, and a total at the end", () => {
    const results = [
      result({ unsupported: 3 }),
      result({ corpus: "d", failed: 1, failures: ["row: why"], required: false }),
    ];
    expect(report(results)).toEqual([
      "c: 2 passed, 0 failed (3 unsupported)",
      "d: 2 passed, 1 failed [report only]",
      "  row: why",
      "4 passed, 1 failed",
    ]);
  });

  it("fails for a required corpus, and where nothing was found", () => {
    expect(exitCode([result({})])).toBe(0);
    expect(exitCode([result({ failed: 1, required: false })])).toBe(0);
    expect(exitCode([result({}), result({ failed: 1 })])).toBe(1);
    expect(exitCode([])).toBe(1);
  });

  it("judges signed messages by their secret, bytes and time, and skips a corpus that is not there", async () => {
    const directory = await mkdtemp(join(tmpdir(), "vigil-webhooks-"));
    try {
      expect(await runWebhooks(directory)).toEqual([]);
      const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
      const now = 1_614_265_330;
      const row = {
        secret,
        headers: webhookHeaders([secret], "m", now * 1000, "{}"),
        payload: "{}",
        now,
        toleranceSeconds: 300,
      };
      const rows = [
        { ...row, id: "valid", expectValid: true },
        { ...row, id: "late", now: now + 301, expectValid: false },
        { ...row, id: "other bytes", payload: "{ }", expectValid: true },
        { ...row, id: "a minute", toleranceSeconds: 60, expectValid: true },
      ];
      await mkdir(join(directory, "webhooks"));
      const text = rows.map((each) => JSON.stringify(each)).join("\n");
      await writeFile(join(directory, "webhooks/standard_webhooks.jsonl"), text);
      const [found] = await runWebhooks(directory);
      expect(found).toMatchObject({ passed: 2, failed: 1, unsupported: 1, required: true });
      expect(found?.failures).toEqual(["other bytes: was refused"]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
