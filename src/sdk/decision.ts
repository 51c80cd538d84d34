/** A decision as the server lists it, and how it is checked and written into the text that is hashed. Pure. */
import { formatAddress, type Network, readNetwork } from "./address.ts";

export const decisionTypes = ["BLOCK_IP", "SUSPEND_USER", "FORCE_MFA", "INCREASE_MONITORING"] as const;
export type DecisionType = (typeof decisionTypes)[number];
export const decisionScopes = ["IP", "RANGE", "USER", "SESSION"] as const;
export type DecisionScope = (typeof decisionScopes)[number];

export interface ListedDecision {
  /** A UUID. */
  id: string;
  type: DecisionType;
  scope: DecisionScope;
  /** An address, a range, a user or a session. */
  value: string;
  version: number;
  /** Epoch ms, by the server's clock. */
  expiresAt: number;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const isUuid = (value: unknown): value is string => typeof value === "string" && uuid.test(value);

/** The decision that a parsed JSON value is, or undefined. */
export function readDecision(value: unknown): ListedDecision | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { id, type, scope, value: target, version, expiresAt } = value as Record<string, unknown>;
  if (!isUuid(id) || typeof target !== "string" || target === "" || target.length > 1_000) return undefined;
  if (!Number.isSafeInteger(version) || !Number.isSafeInteger(expiresAt)) return undefined;
  if (!decisionTypes.includes(type as DecisionType) || !decisionScopes.includes(scope as DecisionScope))
    return undefined;
  return {
    id,
    type: type as DecisionType,
    scope: scope as DecisionScope,
    value: target,
    version: version as number,
    expiresAt: expiresAt as number,
  };
}

/** The addresses that a decision of the scope IP or RANGE is about. */
export function networkOf({ scope, value }: ListedDecision): Network | undefined {
  return scope === "IP" || scope === "RANGE" ? readNetwork(value) : undefined;
}

/** A network as the server writes it. */
export function formatNetwork({ address, prefix }: Network): string {
  const text = formatAddress(address);
  return prefix === address.length * 32 ? text : `${text}/${prefix}`;
}

/** One line of the text whose SHA-256 a list carries. */
export function lineOf({ id, type, scope, value, version, expiresAt }: ListedDecision): string {
  return `${id} ${type} ${scope} ${value} ${version} ${expiresAt}`;
}
