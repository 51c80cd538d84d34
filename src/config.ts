import { resolve } from "node:path";
import { z } from "zod";

const text = z.string().trim().min(1);

/** Whoever could change the keys on their way could sign tokens. */
function isSafe(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
}

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
  VIGIL_JWKS_URL: z
    .url({ protocol: /^https?$/, error: "is an https:// URL" })
    .refine(isSafe, "is an https:// URL (http:// only on this machine: 127.0.0.1, [::1] or localhost)")
    .optional(),
  VIGIL_JWT_ISSUER: text.optional(),
  VIGIL_JWT_AUDIENCE: text.optional(),
  VIGIL_JWT_ORGANIZATION_CLAIM: text.default("vigil_organization"),
  VIGIL_JWT_ROLE_CLAIM: text.default("vigil_role"),
  VIGIL_JWT_ORGANIZATION: text.optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

const checked = schema.superRefine((values, faults) => {
  for (const name of ["VIGIL_JWT_ISSUER", "VIGIL_JWT_AUDIENCE"] as const) {
    if (!values.VIGIL_JWKS_URL || values[name]) continue;
    faults.addIssue({ code: "custom", path: [name], message: "is needed where VIGIL_JWKS_URL is set" });
  }
});

/** An identity provider whose tokens sign people in. */
export interface IdentityProviderConfig {
  /** Where its public keys are (JWKS). */
  url: string;
  issuer: string;
  audience: string;
  /** The claim that names the organization, by slug or id. */
  organizationClaim: string;
  /** The claim that may name a narrower role than the user's own. */
  roleClaim: string;
  /** Where people belong whose token names no organization. */
  defaultOrganization: string | undefined;
}

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
  identityProvider: IdentityProviderConfig | undefined;
  logLevel: string;
}

/** Thrown by parseConfig with every fault, one a line. */
export class ConfigError extends Error {}

/** Reads the configuration from an environment. An empty variable counts as absent. */
export function parseConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = checked.safeParse(given);
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
    identityProvider: identityProviderOf(values),
    logLevel: values.LOG_LEVEL,
  };
}

function identityProviderOf(values: z.infer<typeof schema>): IdentityProviderConfig | undefined {
  const { VIGIL_JWKS_URL: url, VIGIL_JWT_ISSUER: issuer, VIGIL_JWT_AUDIENCE: audience } = values;
  if (!url || !issuer || !audience) return undefined;
  return {
    url,
    issuer,
    audience,
    organizationClaim: values.VIGIL_JWT_ORGANIZATION_CLAIM,
    roleClaim: values.VIGIL_JWT_ROLE_CLAIM,
    defaultOrganization: values.VIGIL_JWT_ORGANIZATION,
  };
}
