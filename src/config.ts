import type { KeyObject } from "node:crypto";
import { resolve } from "node:path";
import { z } from "zod";
import type { TwilioConfig } from "./alert/channels/sms.ts";
import { parseSmtp, type SmtpConfig } from "./alert/channels/smtp-url.ts";
import { readAuditKey, readPublicKeys } from "./audit/key.ts";
import { type ConnectionLimits, connectionLimits, readConnectionLimits } from "./publish/connections.ts";
import { redisUrls } from "./redis.ts";
import { noWider, readNetwork } from "./respond/target.ts";

const text = z.string().trim().min(1);

/** Addresses and ranges with commas between them. */
const networks = z
  .string()
  .transform((given, context) =>
    given.split(",").flatMap((part) => {
      const network = readNetwork(part);
      if (network) return [network.value];
      const text = part.trim();
      if (text !== "") context.addIssue({ code: "custom", message: `"${text}" is no address and no range` });
      return [];
    }),
  )
  .default([]);

/** Reads `id:base64,id:base64`, the first being current. The faults name keys by id and place, never by content. */
export function parseKeys(given: string): { keys: { id: string; key: Buffer }[]; faults: string[] } {
  const keys: { id: string; key: Buffer }[] = [];
  const faults: string[] = [];
  for (const [index, part] of given.trim().split(",").entries()) {
    const colon = part.indexOf(":");
    const id = colon < 0 ? "" : part.slice(0, colon).trim();
    const encoded = part.slice(colon + 1).trim();
    const key = Buffer.from(encoded, "base64");
    if (!/^[\w.-]{1,64}$/.test(id)) {
      faults.push(`key ${index + 1} has no id of letters, digits, ".", "_", "-" before a colon`);
    } else if (keys.some((one) => one.id === id)) faults.push(`key ${index + 1} repeats the id "${id}"`);
    else if (key.length !== 32 || !/^[A-Za-z0-9+/_-]+=*$/.test(encoded)) {
      faults.push(`key ${index + 1} ("${id}") is not 32 bytes of base64`);
    } else keys.push({ id, key });
  }
  return { keys, faults };
}

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
  REDIS_URL: text
    .refine(
      (given) => redisUrls(given).every((url) => /^rediss?:\/\/[^/]/.test(url) && URL.canParse(url)),
      "is a redis:// or rediss:// URL, or several of a cluster's nodes with commas between them",
    )
    .optional(),
  VIGIL_DATA_DIR: text.default(".vigil"),
  VIGIL_PUBLIC_URL: z.url({ protocol: /^https?$/, error: "is an http:// or https:// URL" }).optional(),
  VIGIL_JWT_SECRET: z.string().min(32, "has at least 32 characters").optional(),
  VIGIL_ENCRYPTION_KEYS: z
    .string()
    .transform((given, context) => {
      const { keys, faults } = parseKeys(given);
      for (const message of faults) context.addIssue({ code: "custom", message });
      return keys;
    })
    .optional(),
  VIGIL_AUDIT_SIGNING_KEY: text
    .refine(isAuditKey, "is an Ed25519 private key: PEM, or base64 of its PKCS #8")
    .optional(),
  VIGIL_AUDIT_EARLIER_KEYS: text
    .transform((given, context) => {
      try {
        return readPublicKeys(given);
      } catch {
        context.addIssue({ code: "custom", message: "is Ed25519 public keys: PEM, or base64 of their SPKI" });
        return z.NEVER;
      }
    })
    .optional(),
  VIGIL_AUDIT_CHECKPOINTS: text.optional(),
  VIGIL_AUDIT_WEBHOOK: z.url({ protocol: /^https?$/, error: "is an http:// or https:// URL" }).optional(),
  VIGIL_METRICS_TOKEN: z.string().min(16, "has at least 16 characters").optional(),
  VIGIL_OWN_ADDRESSES: networks,
  VIGIL_TRUSTED_PROXIES: networks,
  VIGIL_CONNECTION_LIMITS: z
    .string()
    .transform((given, context) => {
      const { limits, faults } = readConnectionLimits(given);
      for (const message of faults) context.addIssue({ code: "custom", message });
      return limits;
    })
    .default(connectionLimits),
  VIGIL_ALLOW_PRIVATE_WEBHOOKS: z.enum(["true", "false"], "is true or false").default("false"),
  VIGIL_HEARTBEAT_URL: z.url({ protocol: /^https?$/, error: "is an http:// or https:// URL" }).optional(),
  VIGIL_HEARTBEAT_ORGANIZATION: text.optional(),
  VIGIL_JWKS_URL: z
    .url({ protocol: /^https?$/, error: "is an https:// URL" })
    .refine(isSafe, "is an https:// URL (http:// only on this machine: 127.0.0.1, [::1] or localhost)")
    .optional(),
  VIGIL_JWT_ISSUER: text.optional(),
  VIGIL_JWT_AUDIENCE: text.optional(),
  VIGIL_JWT_ORGANIZATION_CLAIM: text.default("vigil_organization"),
  VIGIL_JWT_ROLE_CLAIM: text.default("vigil_role"),
  VIGIL_JWT_ORGANIZATION: text.optional(),
  SMTP_URL: z
    .string()
    .transform((given, context) => {
      const { smtp, faults } = parseSmtp(given);
      for (const message of faults) context.addIssue({ code: "custom", message });
      return smtp;
    })
    .optional(),
  VIGIL_MAIL_REPORTS_TOKEN: z.string().min(16, "has at least 16 characters").optional(),
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-zA-Z]{32}$/, "is an account's id: AC and 32 characters")
    .optional(),
  TWILIO_AUTH_TOKEN: text.optional(),
  TWILIO_FROM: z
    .string()
    .regex(/^(\+[1-9]\d{6,14}|MG[0-9a-f]{32})$/, "is a number as +15125550100, or a messaging service's id")
    .optional(),
  TWILIO_API_URL: z.url({ protocol: /^https?$/, error: "is an https:// URL" }).default("https://api.twilio.com"),
  SLACK_API_URL: z.url({ protocol: /^https?$/, error: "is an https:// URL" }).default("https://slack.com/api"),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: "is an http:// or https:// URL" }).optional(),
  VIGIL_PERSISTED_DOCUMENTS: text.optional(),
  VIGIL_GEOIP_CITY: text.optional(),
  VIGIL_GEOIP_ASN: text.optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

/** Every variable there is, with its type. */
export const variableTypes: Readonly<Record<string, z.ZodType>> = schema.shape;

const checked = schema.superRefine((values, faults) => {
  const need = (name: keyof typeof values, message: string): void =>
    values[name] ? undefined : faults.addIssue({ code: "custom", path: [name], message });
  const twilio = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"] as const;
  if (twilio.some((name) => values[name]))
    for (const name of twilio) need(name, "is needed for SMS beside the other TWILIO_ settings");
  if (values.VIGIL_OWNER_DATABASE_URL) need("DATABASE_URL", "is needed beside VIGIL_OWNER_DATABASE_URL");
  if (values.VIGIL_JWKS_URL)
    for (const name of ["VIGIL_JWT_ISSUER", "VIGIL_JWT_AUDIENCE"] as const)
      need(name, "is needed where VIGIL_JWKS_URL is set");
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
  /** One URL, or several of a cluster's nodes with commas between them (redis.ts). */
  redisUrl: string | undefined;
  /** Where the embedded PostgreSQL and generated secrets live (absolute). */
  dataDir: string;
  publicUrl: string | undefined;
  /** Vigil's, its monitors' and its proxies', but for ranges like 0.0.0.0/0, which would stop all blocks: no response touches them. */
  ownAddresses: readonly string[];
  /** Proxies whose X-Forwarded-For is believed. */
  trustedProxies: readonly string[];
  /** How many sockets and streams one server holds open. */
  connectionLimits: ConnectionLimits;
  /** Channels may be at loopback and private addresses, and at http://: for development only. */
  allowPrivateWebhooks: boolean;
  jwtSecret: string | undefined;
  /** The keys that wrap data keys, the current one first; absent: made once and kept in the data directory. */
  encryptionKeys: { id: string; key: Buffer }[] | undefined;
  /** Signs the audit log's checkpoints; absent: made on the first start. */
  auditSigningKey: string | undefined;
  auditEarlierKeys: KeyObject[] | undefined;
  /** The file that keeps checkpoints outside the database (absolute); absent: in the data directory. */
  auditCheckpoints: string | undefined;
  /** Where each checkpoint is also sent. */
  auditWebhook: string | undefined;
  /** What is called once a minute while everything works; absent: nothing. */
  heartbeatUrl: string | undefined;
  /** The slug of the organization that carries the heartbeat; undefined: the oldest. */
  heartbeatOrganization: string | undefined;
  /** Who reads `GET /metrics` from elsewhere than this machine. */
  metricsToken: string | undefined;
  identityProvider: IdentityProviderConfig | undefined;
  /** The file of the only GraphQL documents that are answered (absolute); absent: any is. */
  persistedDocuments: string | undefined;
  /** What who hands us reports of mail servers shows; absent: nobody does. */
  mailReportsToken: string | undefined;
  /** Twilio's account, for SMS; absent: none are sent. */
  twilio: TwilioConfig | undefined;
  /** Where Slack's Web API is; without a slash at its end. */
  slackApiUrl: string;
  /** The server that takes our e-mail. */
  smtp: SmtpConfig | undefined;
  /** Where traces go; absent: none are kept. */
  tracesEndpoint: string | undefined;
  /** Files of one's own in place of the installed data: MMDBs of cities and of autonomous systems (absolute). */
  geoip: { city?: string | undefined; asn?: string | undefined };
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
    ownAddresses: [...values.VIGIL_OWN_ADDRESSES, ...noWider(values.VIGIL_TRUSTED_PROXIES, { v4: 8, v6: 16 })],
    trustedProxies: values.VIGIL_TRUSTED_PROXIES,
    connectionLimits: values.VIGIL_CONNECTION_LIMITS,
    allowPrivateWebhooks: values.VIGIL_ALLOW_PRIVATE_WEBHOOKS === "true",
    publicUrl: values.VIGIL_PUBLIC_URL?.replace(/\/+$/, ""),
    jwtSecret: values.VIGIL_JWT_SECRET,
    encryptionKeys: values.VIGIL_ENCRYPTION_KEYS,
    auditSigningKey: values.VIGIL_AUDIT_SIGNING_KEY,
    auditEarlierKeys: values.VIGIL_AUDIT_EARLIER_KEYS,
    auditCheckpoints: values.VIGIL_AUDIT_CHECKPOINTS && resolve(values.VIGIL_AUDIT_CHECKPOINTS),
    auditWebhook: values.VIGIL_AUDIT_WEBHOOK,
    heartbeatUrl: values.VIGIL_HEARTBEAT_URL,
    heartbeatOrganization: values.VIGIL_HEARTBEAT_ORGANIZATION,
    metricsToken: values.VIGIL_METRICS_TOKEN,
    identityProvider: identityProviderOf(values),
    persistedDocuments: values.VIGIL_PERSISTED_DOCUMENTS && resolve(values.VIGIL_PERSISTED_DOCUMENTS),
    smtp: values.SMTP_URL,
    tracesEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
    mailReportsToken: values.VIGIL_MAIL_REPORTS_TOKEN,
    twilio:
      values.TWILIO_ACCOUNT_SID && values.TWILIO_AUTH_TOKEN && values.TWILIO_FROM
        ? {
            accountSid: values.TWILIO_ACCOUNT_SID,
            authToken: values.TWILIO_AUTH_TOKEN,
            from: values.TWILIO_FROM,
            apiUrl: values.TWILIO_API_URL.replace(/\/+$/, ""),
          }
        : undefined,
    slackApiUrl: values.SLACK_API_URL.replace(/\/+$/, ""),
    geoip: {
      city: values.VIGIL_GEOIP_CITY && resolve(values.VIGIL_GEOIP_CITY),
      asn: values.VIGIL_GEOIP_ASN && resolve(values.VIGIL_GEOIP_ASN),
    },
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
