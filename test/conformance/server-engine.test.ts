import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, testServer } from "../support/server.ts";
import type { CorpusResult } from "./corpus.ts";
import { runScenarios } from "./crowdsec/scenarios.ts";
import { type Engine, localEngine } from "./engine.ts";
import { runPanther } from "./panther.ts";
import { serverEngine } from "./server-engine.ts";
import { runSigma } from "./sigma.ts";

const rule = (value: string) => `title: Export
id: 6f0b1c1e-1d1f-4c55-9a4c-0c5b3a1d7e11
name: export
logsource:
  category: application
detection:
  selection:
    Action: ${value}
  condition: selection
`;
const many = `${rule("export")}---
title: Many exports
correlation:
  type: event_count
  rules: [export]
  group-by: [Who]
  timespan: 60s
  condition: {gte: 2}
`;
const step = (ts: number, Who: string, fires: number) => ({
  ts,
  event: { Action: "export", Who },
  expect: { correlations: [["==", fires]] },
});
const failed = (second: number, ip: string) =>
  `Mar  4 10:11:${String(10 + second)} host sshd[7]: Failed password for invalid user eve from ${ip} port 4711 ssh2`;

/** The second rows disagree on purpose: a run that always agrees would prove nothing. */
const corpora: Record<string, object[]> = {
  "sigma/sigma_detection.jsonl": [
    { id: "a", tier: "core", ruleYaml: rule("export"), events: [{ Action: "export" }], expectMatch: true },
    { id: "b", tier: "core", ruleYaml: rule("import"), events: [{ Action: "export" }], expectMatch: true },
    { id: "c", tier: "core", ruleYaml: rule("[1"), events: [], expectMatch: false },
    { id: "d", tier: "core", ruleYaml: rule("import"), events: [{ Action: "export" }], expectMatch: false },
  ],
  "sigma/sigma_correlation.jsonl": [
    { id: "e", tier: "core", ruleYaml: many, steps: [step(1, "ann", 0), step(2, "ann", 1)] },
    { id: "f", tier: "core", ruleYaml: many, steps: [step(1, "ann", 0), step(2, "bob", 1)] },
  ],
  "crowdsec/scenario_cases.jsonl": [
    {
      id: "g",
      logType: "syslog",
      year: 2024,
      lines: [0, 1, 2].map((second) => failed(second, "192.0.2.7")).concat(failed(3, "192.0.2.8")),
      scenarioDefs: [
        {
          name: "clinic/ssh",
          type: "leaky",
          filter: "evt.Meta.log_type == 'ssh_failed-auth'",
          groupby: "evt.Meta.source_ip",
          capacity: 2,
          leakspeed: "10s",
        },
      ],
      expect: { results: [{ scenario: "clinic/ssh", sources: [{ value: "192.0.2.7" }], eventsCount: 3, events: [] }] },
      assertedFeed: [],
    },
  ],
  "panther/panther_tests.jsonl": [
    {
      id: "h",
      ruleId: "Clinic.Own",
      logType: "Clinic.Audit",
      expect: true,
      event: { action: "report.read", by: { name: "ann", at: [1, null, { deep: "x" }] }, empty: "" },
    },
  ],
};

let server: TestServer;
let directory: string;

beforeAll(async () => {
  server = await testServer({});
  directory = await mkdtemp(join(tmpdir(), "vigil-corpora-"));
  for (const [file, rows] of Object.entries(corpora)) {
    await mkdir(join(directory, file, ".."), { recursive: true });
    await writeFile(join(directory, file), rows.map((row) => JSON.stringify(row)).join("\n"));
  }
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function countsWith(engine: Engine): Promise<Record<string, [number, number]>> {
  const results: CorpusResult[] = [];
  for (const run of [runSigma, runScenarios, runPanther]) results.push(...(await run(directory, engine)));
  return Object.fromEntries(results.map(({ corpus, passed, failed: differing }) => [corpus, [passed, differing]]));
}

describe("the corpora through a server's API", () => {
  it("get the same verdicts as in this process, agreements and disagreements alike", async () => {
    const local = await countsWith(localEngine);
    expect(local).toMatchObject({
      "sigma detection (core)": [2, 2],
      "sigma correlation (core)": [1, 1],
      "CrowdSec scenarios, log lines": [1, 0],
      "SaaS events as attributes": [1, 0],
      "SaaS events that name an action, as they are": [1, 0],
    });
    const remote = serverEngine({ url: server.url, token: server.admin, apiKey: server.key });
    expect(await countsWith(remote)).toEqual(local);
    // What the first run left behind does not change the second one's verdicts.
    expect(await countsWith(serverEngine({ url: server.url, token: server.admin, apiKey: undefined }))).toEqual(local);
  });
});
