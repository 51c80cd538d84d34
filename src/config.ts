import { resolve } from "node:path";
import { z } from "zod";
import { readAuditKey } from "./audit/key.ts";

const text = z.string().trim().min(1);

/** Every environment variable Vigil reads. `.env.example` and the README list the same names. */
const schema = z.object({
  PORT: z.coerce.number().int("is a whole number").min(0).max(65_535).default(4000),
  HOST: text.default("127.0.0.1"),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "is a postgres:// URL" }).optional(),
  VIGIL_OWNER_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "is a postgres:// URL" }).optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: "is a redis:// or rediss:// URL" }).optional(),
  VIGIL_DATA_DIR: text.default(".vigil"),
  VIGIL_PUBLIC_URL: z.url({ protocol: /^https?$/, error: "is an http:// or https:// URL" }).optional(),
  VIGIL_JWT_SECRET: z.string().min(32, "has at least 32 characters").optional(),
  VIGIL_AUDIT_SIGNING_KEY: text
    .refine(isAuditKey, "is an Ed25519 private key: PEM, or base64 of its PKCS #8")
    .optional(),
  VIGIL_AUDIT_CHECKPOINTS: text.optional(),
  VIGIL_AUDIT_WEBHOOK: z.url({ protocol: /^https?$/, error: "is an http:// or https:// URL" }).optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

export interface Config {
  port: number;
  host: string;
  /** The server's own database role; absent: the embedded PostgreSQL. */
  databaseUrl: string | undefined;
  /** The role that owns the tables: applies migrations and makes organizations. */
  ownerDatabaseUrl: string | undefined;
  redisUrl: string | undefined;
  /** Where the embedded PostgreSQL and generated secrets live (absolute). */
  dataDir: string;
  publicUrl: string | undefined;
  jwtSecret: string | undefined;
  /** Signs the audit log's checkpoints; absent: made on the first start. */
  auditSigningKey: string | undefined;
  /** The file that keeps checkpoints outside the database (absolute); absent: in the data directory. */
  auditCheckpoints: string | undefined;
  /** Where each checkpoint is also sent. */
  auditWebhook: string | undefined;
  logLevel: string;
}

function isAuditKey(text: string): boolean {
  try {
    return readAuditKey(text) !== undefined;
  } catch {
    return false;
  }
}

/** Thrown by parseConfig with every fault, one a line. */
export class ConfigError extends Error {}

/** Reads the configuration from an environment. An empty variable counts as absent. */
export function parseConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `  ${issue.path.join(".")} ${issue.message}`);
    throw new ConfigError(`The configuration has ${faults.length} fault(s):\n${faults.join("\n")}`);
  }
  const values = parsed.data;
  return {
    port: values.PORT,
    host: values.HOST,
    databaseUrl: values.DATABASE_URL,
    ownerDatabaseUrl: values.VIGIL_OWNER_DATABASE_URL,
    redisUrl: values.REDIS_URL,
    dataDir: resolve(values.VIGIL_DATA_DIR),
    publicUrl: values.VIGIL_PUBLIC_URL?.replace(/\/+$/, ""),
    jwtSecret: values.VIGIL_JWT_SECRET,
    auditSigningKey: values.VIGIL_AUDIT_SIGNING_KEY,
    auditCheckpoints: values.VIGIL_AUDIT_CHECKPOINTS && resolve(values.VIGIL_AUDIT_CHECKPOINTS),
    auditWebhook: values.VIGIL_AUDIT_WEBHOOK,
    logLevel: values.LOG_LEVEL,
  };
}
