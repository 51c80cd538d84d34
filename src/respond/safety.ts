/**
 * Whether an action may be done to a target at all (ACCEPTANCE R1, R2): the same pure check when it is planned, when it
 * is applied, and, as far as it concerns addresses, in the enforcer.
 */
import { overlap, readNetwork, spanOf, type Target } from "./target.ts";

export interface Surroundings {
  /** E-mail addresses, names and ids of the organization's own administrators and of who answers for it in emergencies. */
  protectedUsers: ReadonlySet<string>;
  /** What the organization protects: addresses, ranges, users. */
  protectedTargets: readonly string[];
  /** Addresses that Vigil itself, its proxies, its monitors and its webhooks use, and enforcers call from. */
  ownAddresses: readonly string[];
  /** Where whoever asks for the action calls from. */
  callerAddress?: string | undefined;
  /** Who asks. */
  actor: string;
  /** Nobody has looked at it: a response rule chose it. */
  automatic: boolean;
  /** The organization's response webhooks, by name. */
  webhooks: ReadonlyMap<string, { needsApproval: boolean }>;
}

export type SafetyVerdict = { safe: true } | { safe: false; reason: string };

/** Networks that are nobody's attacker: IANA special-purpose registries (RFC 6890), and where clouds serve metadata. */
export const neverBlocked: readonly (readonly [network: string, what: string])[] = [
  ["0.0.0.0/8", "the unspecified addresses"],
  ["10.0.0.0/8", "a private range"],
  ["100.64.0.0/10", "a carrier's shared range"],
  ["127.0.0.0/8", "the loopback range"],
  ["169.254.0.0/16", "the link-local range, where clouds serve metadata"],
  ["172.16.0.0/12", "a private range"],
  ["192.168.0.0/16", "a private range"],
  ["224.0.0.0/4", "the multicast range"],
  ["240.0.0.0/4", "a reserved range"],
  ["::/128", "the unspecified address"],
  ["::1/128", "the loopback address"],
  ["fc00::/7", "a private range"],
  ["fe80::/10", "the link-local range"],
  ["ff00::/8", "the multicast range"],
];

/** The widest range that may be blocked without a person, by family: wider ones hit bystanders. */
export const widestAutomatic = { v4: 24, v6: 48 } as const;

/** Whether an action may be done: to a target of enforcers, or to what else is named. */
export function judgeAction(
  { type, target, name }: { type: string; target: Target | null; name: string },
  around: Surroundings,
): SafetyVerdict {
  if (target) return judgeSafety(target, around);
  if (type !== "CALL_WEBHOOK" || around.webhooks.has(name)) return { safe: true };
  return { safe: false, reason: `There is no response webhook "${name}".` };
}

export function judgeSafety(target: Target, around: Surroundings): SafetyVerdict {
  if (target.scope === "USER") return judgeUser(target.value, around);
  if (target.scope === "SESSION") return { safe: true };
  const refuse = (reason: string): SafetyVerdict => ({ safe: false, reason });
  for (const [network, what] of neverBlocked) {
    if (overlap(target.value, network)) return refuse(`${target.value} reaches into ${what} (${network}).`);
  }
  for (const own of around.ownAddresses) {
    if (overlap(target.value, own))
      return refuse(`${target.value} reaches ${own}, which Vigil, its proxies or its monitors use.`);
  }
  const caller = readNetwork(around.callerAddress ?? ""); // a link's own (fe80::1%eth0) is none that is blocked
  if (caller && overlap(target.value, caller.value)) {
    return refuse(`${target.value} reaches the address that this request comes from.`);
  }
  for (const protectedOne of around.protectedTargets) {
    const network = readNetwork(protectedOne);
    if (network && overlap(target.value, network.value))
      return refuse(`${target.value} reaches ${protectedOne}, which is protected.`);
  }
  const { isV6, prefix } = spanOf(target.value);
  const widest = isV6 ? widestAutomatic.v6 : widestAutomatic.v4;
  if (around.automatic && prefix < widest) {
    return refuse(`/${prefix} is wider than /${widest}, the widest that is blocked without a person.`);
  }
  return { safe: true };
}

function judgeUser(user: string, { protectedUsers, protectedTargets, actor }: Surroundings): SafetyVerdict {
  const same = (other: string): boolean => other.toLowerCase() === user.toLowerCase();
  if (same(actor)) return { safe: false, reason: `${user} is who asks for it.` };
  if ([...protectedUsers].some(same))
    return { safe: false, reason: `${user} is an administrator of this organization.` };
  if (protectedTargets.some(same)) return { safe: false, reason: `${user} is protected.` };
  return { safe: true };
}
