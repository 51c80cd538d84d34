/** What must be true after a crash run, asked of the tables and of those who were told: not by the code that is tried. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { decodeCursor } from "../../src/publish/cursor.ts";
import { judge } from "./judge.ts";
import type { Load, Organization } from "./load.ts";
import type { Stand } from "./stand.ts";

export interface Finding {
  what: string;
  /** How many were looked at: none would prove nothing. */
  of: number;
  /** Those that are not as they must be; empty: well. */
  wrong: string[];
}

/** What a follower of an organization's incidents was shown: places in the feed. */
export interface Shown {
  slug: string;
  places: string[];
  fault: unknown;
}

type Row = Record<string, string>;

/** Places in the feed of an organization's incidents since the run began, in order. */
export async function placesDue(
  owner: pg.Client,
  stand: Pick<Stand, "starts">,
  { slug, id }: Pick<Organization, "slug" | "id">,
): Promise<string[]> {
  const { xid, id: change } = decodeCursor(stand.starts.get(slug) as string);
  const { rows } = await owner.query<{ place: string }>(
    `SELECT xid || ':' || id AS place FROM changes WHERE organization_id = $1 AND topic = 'incident'
       AND (xid, id) > ($2::text::xid8, $3::bigint) ORDER BY xid, id`,
    [id, xid, change],
  );
  return rows.map(({ place }) => place);
}

export async function decisionsInForce(owner: pg.Client, organizationId: string, at = new Date()): Promise<number> {
  const { rows } = await owner.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM decisions WHERE organization_id = $1 AND revoked_at IS NULL AND expires_at > $2",
    [organizationId, at],
  );
  return rows[0]?.n ?? 0;
}

/** How many decisions the application of an organization follows. */
export interface Enforced {
  slug: string;
  decisions: number;
  /** When: the checks take long, and blocks end. */
  at: Date;
}

export async function findings(
  stand: Stand,
  load: Load,
  followers: readonly Shown[],
  enforced: readonly Enforced[],
): Promise<Finding[]> {
  const owner = new pg.Client({ connectionString: stand.postgres.ownerUrl });
  await owner.connect();
  const rows = async (text: string, values: unknown[] = []): Promise<Row[]> =>
    (await owner.query<Row>(text, values)).rows;
  const found: Finding[] = [];
  const say = (what: string, of: number, wrong: string[]): void => void found.push({ what, of, wrong });
  try {
    for (const organization of stand.organizations) await ofOne(organization);
    await audit();
  } finally {
    await owner.end();
  }
  return found;

  async function ofOne({ slug, id }: Organization): Promise<void> {
    const other = stand.organizations.find((one) => one.slug !== slug) as Organization;
    const accepted = [...(load.accepted.get(slug) ?? [])];
    const stored = await rows(
      `SELECT sent.id, count(e.client_id)::text AS n FROM unnest($2::text[]) AS sent (id)
         LEFT JOIN realtime_monitoring e ON e.organization_id = $1 AND e.client_id = sent.id
         GROUP BY 1 HAVING count(e.client_id) <> 1`,
      [id, accepted],
    );
    say(
      `${slug}: every accepted event is stored once`,
      accepted.length,
      stored.map((row) => `${row.id}: ${row.n}`),
    );

    const attackers = [...(load.attacked.get(slug) ?? [])];
    const incidents = await rows(
      `SELECT i.id, i.fingerprint, i.event_count::text AS events, s.value->>'kind' AS kind, s.value->>'key' AS key
         FROM security_incidents i, jsonb_array_elements(i.subjects::jsonb) s WHERE i.organization_id = $1`,
      [id],
    );
    const about = new Map<string, Set<string>>();
    for (const { key, id: incident } of incidents) {
      if (key && incident) about.set(key, (about.get(key) ?? new Set()).add(incident));
    }
    const numbers = (key: string): number => about.get(key)?.size ?? 0;
    say(
      `${slug}: every attack is one incident about its address`,
      attackers.length,
      attackers.filter((address) => numbers(address) !== 1).map((address) => `${address}: ${numbers(address)}`),
    );
    const doubled = await rows(
      `SELECT fingerprint, count(*)::text AS n FROM security_incidents WHERE organization_id = $1
         GROUP BY 1 HAVING count(*) > 1`,
      [id],
    );
    say(
      `${slug}: no incident twice`,
      incidents.length,
      doubled.map((row) => `${row.fingerprint}: ${row.n}`),
    );
    const counted = await rows(
      `SELECT d.id, d.event_count::text AS n FROM detections d JOIN alert_rules r
           ON r.organization_id = d.organization_id AND r.id = d.rule_id
         WHERE d.organization_id = $1 AND r.name = 'password_spraying' AND d.event_count <> 10`,
      [id],
    );
    say(
      `${slug}: every attack's log-ins are counted once each`,
      attackers.length,
      counted.map((row) => `${row.id}: ${row.n}`),
    );

    const alerts = await rows(
      `SELECT a.id, a.status::text AS status, a.message_id AS message, c.kind::text AS channel, a.kind::text AS kind,
              a.incident_id AS incident
         FROM security_alerts a JOIN alert_channels c ON c.organization_id = a.organization_id AND c.id = a.channel_id
         WHERE a.organization_id = $1`,
      [id],
    );
    const opened = new Set(
      alerts.filter(({ kind }) => kind === "OPENED").map((row) => `${row.incident} ${row.channel}`),
    );
    const wanted = [...new Set(incidents.map((row) => row.id as string))].flatMap((incident) =>
      ["WEBHOOK", "EMAIL"].map((channel) => `${incident} ${channel}`),
    );
    say(
      `${slug}: every incident is announced on every channel`,
      wanted.length,
      wanted.filter((one) => !opened.has(one)),
    );
    const hooked = new Set(stand.sink.told.filter(({ path }) => path === `/hook/${slug}`).map((one) => one.id));
    const mailed = stand.mail.mails
      .filter(({ to }) => to.includes(`${slug}@clinic.example`))
      .map(({ source }) => source);
    const isThere = (row: Row): boolean =>
      row.channel === "WEBHOOK"
        ? hooked.has(row.message as string)
        : mailed.some((source) => source.includes(row.message as string));
    say(
      `${slug}: every alert was sent, and its receiver has it`,
      alerts.length,
      alerts
        .filter((row) => row.status !== "SENT" || !isThere(row))
        .map((row) => `${row.id}: ${row.channel} ${row.status}`),
    );
    const known = new Set(alerts.map((row) => row.message));
    say(
      `${slug}: receivers have nothing under an id that the ledger does not know`,
      hooked.size,
      [...hooked].filter((message) => !known.has(message)),
    );
    const strangers = stand.sink.told.filter(
      ({ path, body }) => path.endsWith(`/${slug}`) && body.includes(`${other.slug}-`),
    );
    const foreign = await rows(
      `SELECT id FROM realtime_monitoring WHERE organization_id = $1 AND client_id LIKE '%-' || $2 || '-%'`,
      [id, other.slug],
    );
    say(`${slug}: nothing of the other organization`, stand.sink.told.length, [
      ...strangers.map(({ id: message }) => `message ${message}`),
      ...foreign.map((row) => `event ${row.id}`),
    ]);

    const actions = await rows(
      `SELECT type::text AS type, target, status::text AS status, count(*)::text AS n, count(DISTINCT incident_id)::text AS incidents
         FROM incident_actions WHERE organization_id = $1 AND type IN ('BLOCK_IP', 'CALL_WEBHOOK') GROUP BY 1, 2, 3`,
      [id],
    );
    const blocks = await rows(
      `SELECT value, count(*)::text AS n FROM decisions WHERE organization_id = $1 AND type = 'BLOCK_IP' GROUP BY 1`,
      [id],
    );
    const blocked = new Map(blocks.map((row) => [row.value, Number(row.n)]));
    say(
      `${slug}: every attacker is blocked once`,
      attackers.length,
      attackers
        .filter((address) => blocked.get(address) !== 1)
        .map((address) => `${address}: ${blocked.get(address) ?? 0}`),
    );
    say(
      `${slug}: no action was done more often than there are incidents about its target`,
      actions.length,
      actions
        .filter((row) => Number(row.n) > Number(row.incidents))
        .map((row) => `${row.type} ${row.target}: ${row.n}`),
    );
    const { decisions: follows, at } = enforced.find((one) => one.slug === slug) as Enforced;
    const inForce = await decisionsInForce(owner, id, at);
    say(
      `${slug}: the application follows what is in force`,
      inForce,
      follows === inForce ? [] : [`${follows} of ${inForce}`],
    );
    const calls = await rows("SELECT id, status::text AS status FROM response_calls WHERE organization_id = $1", [id]);
    const called = new Set(stand.sink.told.filter(({ path }) => path === `/call/${slug}`).map((one) => one.id));
    say(
      `${slug}: every call of a response arrived`,
      calls.length,
      calls.filter((row) => !called.has(row.id as string)).map((row) => `${row.id}: ${row.status}`),
    );

    const due = await placesDue(owner, stand, { slug, id });
    for (const { places, fault } of followers.filter((one) => one.slug === slug)) {
      const wrong = Object.entries(judge(due, places))
        .filter(([, times]) => times > 0)
        .map(([kind, times]) => `${times} ${kind}`);
      if (fault !== undefined) wrong.push(`ended by ${String(fault)}`);
      say(`${slug}: a follower was shown every change once, in order`, due.length, wrong);
    }
  }

  /** By the command that administrators have. */
  async function audit(): Promise<void> {
    const vigil = join(import.meta.dirname, "../../src/vigil.js");
    const env = {
      ...process.env,
      VIGIL_DATA_DIR: stand.dataDir,
      DATABASE_URL: stand.postgres.serverUrl(),
      REDIS_URL: "",
    };
    const entries = await rows("SELECT count(*)::text AS n FROM security_audit_log");
    const wrong = await promisify(execFile)(process.execPath, [vigil, "audit", "verify"], { env }).then(
      () => [],
      (error: { stdout?: string; stderr?: string }) => [`${error.stdout}${error.stderr}`],
    );
    say("the audit log verifies", Number(entries[0]?.n), wrong);
  }
}
