/** Organizations with behaviour rules, and what is stored of them: without ids, which are random. */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import { createOrganization } from "../../../src/database/organizations.ts";
import type { Database } from "../../../src/db.ts";
import type { RuleMode } from "../../../src/detect/detection.ts";
import { importRules } from "../../../src/detect/store.ts";
import { createPipeline, type Pipeline } from "../../../src/pipeline.ts";
import type { Bells } from "../../../src/publish/bells.ts";
import type { Vault } from "../../../src/secrets/vault.ts";
import { quiet, type TestDatabase } from "../../support/database.ts";
import { testVault } from "../../support/vault.ts";

/** A quick learner, and a correlation that counts it. */
export const rules = `
title: Somewhere else
name: elsewhere
level: medium
behaviour: { detector: new_country, parameters: { learningDays: 10, learningActiveDays: 5, peers: 0 } }
---
title: Somewhere else again and again
name: again
level: high
correlation:
  { type: event_count, rules: [elsewhere], group-by: [event.action], timespan: 7d, condition: { gte: 3 }, generate: true }
generate: true
---
title: Impossible travel
name: travel
level: high
behaviour: { detector: impossible_travel }
`;

export async function organizationWith(
  test: TestDatabase,
  { yaml = rules, mode = "ACTIVE" }: { yaml?: string; mode?: RuleMode } = {},
): Promise<string> {
  const slug = `behaviour-${Math.random().toString(36).slice(2)}`;
  const id = await createOrganization(test.ownerUrl, slug, slug);
  await change(test, id, yaml, mode);
  return id;
}

export async function change(test: TestDatabase, id: string, yaml: string, mode: RuleMode = "ACTIVE"): Promise<void> {
  const request = { yaml, mode, dryRun: false, actor: "tester", now: Date.now() };
  const { rejected } = await test.db.inOrganization(id, (tx) => importRules(tx, request));
  expect(rejected).toEqual([]);
}

/** The same pseudonyms in every organization, so that their profiles can be compared. */
export function vaultOn(db: Database): Vault {
  const indexOf = (value: string) => createHash("sha256").update(value).digest().subarray(0, 8);
  return { ...testVault(db), indexer: async () => indexOf };
}

export function processOn(db: Database, bells: Bells): Pipeline {
  return createPipeline({ db, bells, vault: vaultOn(db), log: quiet, now: Date.now });
}

/** With times and states. */
export async function profilesOf(db: Database, id: string): Promise<Record<string, unknown>> {
  const { rows } = await db.query<{ name: string } & Record<string, unknown>>(
    id,
    `SELECT kind || ' ' || key AS name, coalesce(learned, profile::json) AS profile, first_seen_at, last_seen_at FROM entities
     WHERE organization_id = $1 ORDER BY name`,
    [id],
  );
  return Object.fromEntries(rows.map(({ name, ...row }) => [name, row]));
}

/** By event, in order of arrival. */
export async function findingsOf(db: Database, id: string): Promise<unknown[]> {
  const { rows } = await db.query<{ time: Date; reasons: string[] }>(
    id,
    `SELECT time, ARRAY(SELECT value ->> 'reason' || ' ' || (value ->> 'subjects') FROM jsonb_each(behaviour) ORDER BY 1) AS reasons
     FROM realtime_monitoring WHERE organization_id = $1 AND behaviour IS NOT NULL ORDER BY id`,
    [id],
  );
  return rows;
}

export async function detectionsOf(db: Database, id: string): Promise<{ rule: string; explanation: string }[]> {
  const { rows } = await db.query<{ rule: string; explanation: string }>(
    id,
    `SELECT r.reference AS rule, d.mode, d.subjects, d.event_count, d.first_event_at, d.last_event_at, d.explanation
     FROM detections d JOIN alert_rules r ON r.organization_id = d.organization_id AND r.id = d.rule_id
     WHERE d.organization_id = $1 ORDER BY 1, 5, 3::text, 7`,
    [id],
  );
  return rows;
}
