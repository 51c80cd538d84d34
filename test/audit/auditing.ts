/** An audit trail over a test database, its checkpoint file in a directory of its own, and a clock that is set by hand. */
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { audit } from "../../src/access/audit.ts";
import { type AuditTrail, openAuditTrail } from "../../src/audit/trail.ts";
import type { Config } from "../../src/config.ts";
import { createOrganization } from "../../src/database/organizations.ts";
import { quiet, type TestDatabase, testDatabase } from "../support/database.ts";

type Settings = "auditSigningKey" | "auditEarlierKeys" | "auditWebhook";

export interface Auditing {
  base: TestDatabase;
  trail: AuditTrail;
  one: string;
  other: string;
  clock: { now: number };
  /** The checkpoint file. */
  path: string;
  dataDir: string;
  append(count: number, organizationId?: string): Promise<void>;
  /** Writes a checkpoint now, due or not. */
  seal(): Promise<void>;
  /** Runs statements as the tables' owner; $ORG becomes the first organization's id. */
  attack(...statements: string[]): Promise<void>;
  fileLines(): Promise<Record<string, unknown>[]>;
  /** Another trail over the same file, key and clock, e.g. with a webhook or over another database. */
  reopen(settings?: Partial<Pick<Config, Settings>> & { database?: TestDatabase }): Promise<AuditTrail>;
  close(): Promise<void>;
}

/** `shared`: in that database, with two organizations of its own; making a database takes longer than most attacks. */
export async function auditing(shared?: TestDatabase): Promise<Auditing> {
  const base = shared ?? (await testDatabase());
  const dataDir = await mkdtemp(join(tmpdir(), "vigil-audit-"));
  const clock = { now: Date.UTC(2026, 0, 1) };
  const reopen: Auditing["reopen"] = ({ database = base, ...settings } = {}) => {
    const none = { auditSigningKey: undefined, auditEarlierKeys: undefined, auditWebhook: undefined };
    const config = { dataDir, auditCheckpoints: undefined, ...none, ...settings };
    return openAuditTrail(config, { db: database.db, log: quiet, now: () => clock.now });
  };
  const trail = await reopen();
  const fresh = async (): Promise<string> => createOrganization(base.ownerUrl, randomUUID(), "Fresh");
  const [one, other] = shared
    ? [await fresh(), await fresh()]
    : (base.organizations.map(({ id }) => id) as [string, string]);
  const path = join(dataDir, "audit-checkpoints.ndjson");
  return {
    base,
    trail,
    one,
    other,
    clock,
    path,
    dataDir,
    reopen,
    append: (count, organizationId = one) =>
      base.db.inOrganization(organizationId, async (tx) => {
        for (let n = 0; n < count; n++) {
          const detail = { b: n, a: "ü", ratio: 1.25 };
          await audit(tx, {
            actor: "ada@example.org",
            action: "TRIED",
            entityKind: "Thing",
            entityId: `t${n}`,
            detail,
          });
        }
      }),
    async seal() {
      await trail.seal(one, { force: true });
    },
    async attack(...statements) {
      for (const statement of statements) await base.asOwner(statement.replaceAll("$ORG", `'${one}'`));
    },
    async fileLines() {
      const text = await readFile(path, "utf8").catch(() => "");
      return text.split("\n").flatMap((line) => (line ? [JSON.parse(line) as Record<string, unknown>] : []));
    },
    async close() {
      if (!shared) await base.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
