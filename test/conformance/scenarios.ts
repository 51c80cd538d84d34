/**
 * The ssh scenarios: raw log lines imported as a user would, with Sigma rules equivalent to each scenario's bucket, must
 * give incidents for exactly the expected addresses. Scenarios that are no bucket over failed log-ins are unsupported.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openApp } from "../../src/app.ts";
import { importFile, localSink } from "../../src/commands/import.ts";
import { parseConfig } from "../../src/config.ts";
import { importRules } from "../../src/detect/store.ts";
import { createLog } from "../../src/log.ts";
import type { CorpusResult } from "./corpus.ts";

interface ScenarioDefinition {
  name: string;
  type: string;
  filter: string;
  distinct?: string;
  capacity?: number;
  leakspeed?: string;
}

interface ScenarioCase {
  id: string;
  year: number;
  lines: string[];
  scenarioDefs: ScenarioDefinition[];
  expect: { results?: { scenario: string; sources: { value: string }[] }[] };
}

const failed = "evt.Meta.log_type == 'ssh_failed-auth'";

/** The scenario as Sigma: a full bucket overflows at capacity + 1 events that come faster than it leaks. */
function toSigma({ name, type, filter, distinct, capacity, leakspeed }: ScenarioDefinition): string | undefined {
  const reference = name.replaceAll(/[^a-z0-9]+/gi, "_");
  const base = `title: ${reference} base\nname: ${reference}_base\nlogsource:\n  service: sshd\ndetection:\n`;
  const user = /^evt\.Meta\.log_type == 'ssh_failed-auth' && evt\.Meta\.target_user == '([^']+)'$/.exec(
    filter.trim(),
  )?.[1];
  if (type === "trigger" && user) {
    return `${base.replace(" base", "")}  failure:\n    event.outcome: failure\n    user.name: ${user}\n  condition: failure\n`;
  }
  const leak = Number(/^(\d+)s$/.exec(leakspeed ?? "")?.[1]);
  if (type !== "leaky" || filter.trim() !== failed || !capacity || !leak) return undefined;
  const count = distinct
    ? `type: value_count\n  condition:\n    field: user.name\n    gte: ${capacity + 1}`
    : `type: event_count\n  condition:\n    gte: ${capacity + 1}`;
  return `${base}  failure:\n    event.outcome: failure\n  condition: failure\n---\ntitle: ${reference}\nname: ${reference}\ncorrelation:\n  rules: [${reference}_base]\n  group-by: [source.ip]\n  timespan: ${capacity * leak}s\n  ${count}\n`;
}

export async function runScenarios(directory: string): Promise<CorpusResult[]> {
  const rows = (await readFile(join(directory, "crowdsec/scenario_cases.jsonl"), "utf8")).trim().split("\n");
  const cases = rows.map((row) => JSON.parse(row) as ScenarioCase);
  const ssh = cases.filter(({ lines }) => lines.some((line) => /\bsshd(-session)?\[\d+\]: /.test(line)));
  const result: CorpusResult = {
    corpus: "ssh scenarios",
    passed: 0,
    failed: 0,
    unsupported: 0,
    required: true,
    failures: [],
  };
  const dataDir = await mkdtemp(join(tmpdir(), "vigil-conformance-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: dataDir }), { log: createLog("silent") });
  try {
    for (const [number, one] of ssh.entries()) {
      const organizationId = await app.createOrganization(`case-${number}`, one.id);
      const file = join(dataDir, `case-${number}.log`);
      await writeFile(file, one.lines.join("\n"));
      const definitions = new Map<string, string | undefined>(one.scenarioDefs.map((d) => [d.name, toSigma(d)]));
      for (const yaml of definitions.values()) {
        if (!yaml) continue;
        const { rejected } = await app.db.inOrganization(organizationId, (tx) =>
          importRules(tx, { yaml, mode: "ACTIVE", dryRun: false, actor: "conformance", now: app.now() }),
        );
        if (rejected[0]) throw new Error(rejected[0].message);
      }
      const now = Date.UTC(one.year, 11, 31, 23, 59, 59);
      await importFile(file, "sshd", localSink(app, organizationId), { now });
      for (const [name, yaml] of definitions) {
        if (!yaml) {
          result.unsupported++;
          continue;
        }
        const { rows: found } = await app.db.query<{ ip: string }>(
          organizationId,
          `SELECT DISTINCT s->>'key' AS ip FROM security_incidents i JOIN alert_rules r ON r.id = i.rule_id, jsonb_array_elements(i.subjects) s
           WHERE r.name = $1 AND s->>'kind' = 'ADDRESS' ORDER BY 1`,
          [name.replaceAll(/[^a-z0-9]+/gi, "_")],
        );
        const wanted = (one.expect.results ?? []).filter(({ scenario }) => scenario === name);
        const expected = [...new Set(wanted.flatMap(({ sources }) => sources.map(({ value }) => value)))].sort();
        const got = found.map(({ ip }) => ip);
        if (JSON.stringify(expected) === JSON.stringify(got)) result.passed++;
        else {
          result.failed++;
          result.failures.push(
            `${one.id} ${name}: expected ${expected.join(" ") || "none"}, got ${got.join(" ") || "none"}`,
          );
        }
      }
    }
  } finally {
    await app.close();
    await rm(dataDir, { recursive: true, force: true });
  }
  return [result];
}
