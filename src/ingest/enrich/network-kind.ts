/**
 * What kind of network an address belongs to: a heuristic. First the relays' prefixes, then the table of known numbers,
 * then words in the operator's name; a name that says nothing is UNKNOWN.
 */
import type { NetworkKind } from "../enrichment.ts";
import type { AutonomousSystem } from "./asn-list.ts";
import { kindsByNumber, relayPrefixes } from "./network-table.ts";
import { prefixList } from "./special.ts";

const isRelay = prefixList(relayPrefixes);

/** The first that fits counts. */
const byName: readonly [kind: NetworkKind, name: RegExp, unless?: RegExp][] = [
  ["VPN", /vpn|anonymi[sz]e|\bprox(?:y|ies)\b|\btor exit|private relay/i],
  [
    "HOSTING",
    /\bhost(?:s|ed|ing|er)?\b|hosting|\bservers?\b|\bvps\b|cloud|data ?cent(?:er|re)|\bcolo(?:cation)?\b|\bcdn\b|dedicated|\bvirtual\b/i,
  ],
  [
    "UNKNOWN",
    /universit|college|school|academ|research|education|hospital|clinic|\bbank\b|government|ministry|department/i,
  ],
  [
    "MOBILE",
    /\bmobiles?\b|\bmobil\b|t-mobile|wireless|cellular|\bcellco\b|\bgsm\b|\bmovil|mobitel|mobifone|\b[45]g\b|\blte\b/i,
    /cable|broadband|internet|fixed|exxon/i,
  ],
  [
    "RESIDENTIAL",
    /tele(?:com|kom|fon|phone|net|communication)|communication|broadband|\bcable|internet|\bisp\b|fib(?:er|re|ra)|\bdsl\b|\bnet(?:work)?s?\b|vodafone|charter|comcast|comunica/i,
  ],
];

/** Of a public address and the system that announces it, if one does. */
export function networkKind(address: string, system: AutonomousSystem | undefined): NetworkKind {
  if (isRelay(address)) return "VPN";
  if (!system) return "UNKNOWN";
  const listed = kindsByNumber.get(system.asn);
  if (listed) return listed;
  const { name } = system;
  return byName.find(([, words, unless]) => words.test(name) && !unless?.test(name))?.[0] ?? "UNKNOWN";
}
