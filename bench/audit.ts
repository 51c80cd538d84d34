/** 16 writers appending to one organization's audit chain, beside the same rows inserted plainly into an equal table. */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { audit } from "../src/access/audit.ts";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { compared } from "./compared.ts";
import type { Figure } from "./run.ts";

const writers = 16;
// VIGIL_BENCH_SECONDS=60: one run of so many seconds, as ACCEPTANCE A3 has it.
const long = Number(process.env.VIGIL_BENCH_SECONDS ?? 0);
const phase = long > 0 ? long * 1_000 : 5_000; // milliseconds, each side, each run
const runs = long > 0 ? 1 : 5;

/** Transactions a second that 16 writers get done. */
async function rate(write: (n: number) => Promise<unknown>): Promise<number> {
  let done = 0;
  const began = performance.now();
  const writer = async (): Promise<void> => {
    while (performance.now() - began < phase) {
      await write(done);
      done++;
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  return done / ((performance.now() - began) / 1_000);
}

export async function auditBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), {
    log: createLog("silent"),
    poolSize: writers,
  });
  const owner = new pg.Client({ connectionString: app.embedded?.ownerUrl });
  await owner.connect();
  try {
    await owner.query(`
      CREATE TABLE plain_log (LIKE security_audit_log INCLUDING ALL);
      CREATE SEQUENCE plain_log_seq; CALL protect_tenant_table('plain_log');
      GRANT INSERT ON plain_log TO vigil_app; GRANT USAGE ON SEQUENCE plain_log_seq TO vigil_app`);
    const organizationId = await app.createOrganization("bench-audit", "bench");
    const record = (n: number) => ({
      actor: "ada@example.org",
      action: "INCIDENT_ACKNOWLEDGED",
      entityKind: "Incident",
      entityId: String(n),
      detail: { note: "seen", n },
    });
    const chained = (n: number) => app.db.inOrganization(organizationId, (tx) => audit(tx, record(n)));
    const plain = (n: number) =>
      app.db.inOrganization(organizationId, (tx) => {
        const { actor, action, entityKind, entityId, detail } = record(n);
        const hash = createHash("sha256").update(`${n} ${Math.random()}`).digest();
        return tx.query({
          name: "plain_insert",
          text: `INSERT INTO plain_log (organization_id, seq, at, actor, action, entity_kind, entity_id, detail, previous_hash, hash)
            VALUES ($1, nextval('plain_log_seq'), clock_timestamp(), $2, $3, $4, $5, $6, $7, $7)`,
          values: [organizationId, actor, action, entityKind, entityId, JSON.stringify(detail), hash],
        });
      });
    const ours: number[] = [];
    const bare: number[] = [];
    for (let run = 0; run < runs; run++) {
      ours.push(await rate(chained));
      bare.push(await rate(plain));
    }
    const began = performance.now();
    const { entries, fault } = await app.auditTrail.verify(organizationId);
    const seconds = (performance.now() - began) / 1_000;
    if (fault) throw new Error(`the chain does not verify: ${fault.message}`);
    const subject = `chained appends by ${writers} writers (0 forks, 0 gaps in ${entries} entries, verified at ${Math.round(entries / seconds)}/s)`;
    return [compared({ bench: "audit", subject, baseline: "plain inserts", unit: "transactions/s" }, ours, bare)];
  } finally {
    await owner.end();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}
