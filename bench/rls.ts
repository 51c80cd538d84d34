/** What Row Level Security costs: the same reads as the server's role through one organization, and as a role it does not bind. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { PrismaClient } from "../src/generated/prisma/client.ts";
import { createLog } from "../src/log.ts";
import { compared } from "./compared.ts";
import type { Figure } from "./run.ts";

const rounds = 7;
const requests = 1_500; // a round
const inFlight = 16;

/** Requests a second. */
async function rate(ask: () => Promise<unknown>): Promise<number> {
  let left = requests;
  const began = performance.now();
  const worker = async (): Promise<void> => {
    while (left-- > 0) await ask();
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return requests / ((performance.now() - began) / 1_000);
}

async function compare(
  subject: string,
  withIt: () => Promise<unknown>,
  without: () => Promise<unknown>,
): Promise<Figure> {
  const [ours, bare]: [number[], number[]] = [[], []];
  await rate(withIt);
  await rate(without);
  for (let round = 0; round < rounds; round++) {
    ours.push(await rate(withIt));
    bare.push(await rate(without));
  }
  return compared({ bench: "rls", subject, baseline: "without", unit: "requests/s" }, ours, bare);
}

export async function rlsBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const ownerUrl = app.embedded?.ownerUrl as string;
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 10 });
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: ownerUrl, max: 10 }) });
  try {
    const organizationId = await app.organizationBySlug("demo");
    const other = await app.createOrganization("other", "Other");
    for (const id of [organizationId, other]) {
      await pool.query(
        `INSERT INTO security_incidents (organization_id, id, number, title, severity, fingerprint, threat_score, subjects,
           detection_count, event_count, first_event_at, last_event_at, opened_at)
         SELECT $1, gen_random_uuid(), n, 'Incident ' || n, 'HIGH', 'f' || n, 50, '[]', 1, 1, now(), now(), now()
         FROM generate_series(1, 50000) n`,
        [id],
      );
    }
    await pool.query("ANALYZE security_incidents");
    const page = { where: { organizationId }, orderBy: [{ createdAt: "desc" }, { id: "desc" }], take: 20 } as never;
    const statement = {
      name: "bench_page",
      text: "SELECT * FROM security_incidents WHERE organization_id = $1 ORDER BY created_at DESC, id DESC LIMIT 20",
      values: [organizationId],
    };
    return [
      await compare(
        "Prisma's page of 20 incidents with Row Level Security",
        () => app.db.prisma(organizationId).incident.findMany(page),
        () => prisma.incident.findMany(page),
      ),
      await compare(
        "a prepared statement's page of 20 incidents with Row Level Security",
        () => app.db.query(organizationId, statement),
        () => pool.query(statement),
      ),
    ];
  } finally {
    await prisma.$disconnect();
    await pool.end();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}
