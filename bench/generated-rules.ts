/** Rules and events of a clinic's application, made from a seed: the same seed, the same ones. */
import type { SecurityEvent } from "../src/ingest/event.ts";
import { pick, seededRandom } from "../test/generate/random.ts";

export type Operator = "equal" | "contains" | "endswith" | "regex" | "greater";

export interface GeneratedClause {
  field: string;
  operator: Operator;
  values: (string | number)[];
}

/** All clauses must hold, and none of the exceptions. */
export interface GeneratedRule {
  title: string;
  category: string;
  clauses: GeneratedClause[];
  exception?: GeneratedClause;
}

type Random = () => number;

const parts = "patient record chart invoice consent export admin report login session token lab image note plan".split(
  " ",
);
const verbs = "read list create update delete share print export grant revoke reset merge sign open".split(" ");
const agents = ["Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Mozilla/5.0 (iPhone) Safari/604.1", "ClinicApp/4.2"];
const categories = ["AUTHENTICATION", "DATA", "WEB"] as const;
const extensions = ["php", "bak", "sql", "env", "jsp", "old", "zip", "cgi"];

function word(random: Random, length: number): string {
  return Array.from({ length }, () => "abcdefghijklmnopqrstuvwxyz".charAt(Math.floor(random() * 26))).join("");
}

const makers: ((random: Random) => GeneratedClause)[] = [
  (random) => ({
    field: "event.action",
    operator: "equal",
    values: Array.from({ length: 1 + Math.floor(random() * 3) }, () => `${pick(random, parts)}.${word(random, 5)}`),
  }),
  (random) => ({ field: "event.outcome", operator: "equal", values: [pick(random, ["failure", "success"])] }),
  (random) => ({ field: "user.name", operator: "equal", values: [`${word(random, 6)}@example.org`] }),
  (random) => ({ field: "target.type", operator: "equal", values: [pick(random, parts), word(random, 5)] }),
  (random) => ({
    field: "url.path",
    operator: "contains",
    values: Array.from({ length: 1 + Math.floor(random() * 4) }, () => `/${word(random, 6)}/`),
  }),
  (random) => ({ field: "url.path", operator: "endswith", values: [`${word(random, 4)}.${pick(random, extensions)}`] }),
  (random) => ({ field: "url.query", operator: "contains", values: [`${word(random, 5)}=`, `'${word(random, 4)}`] }),
  (random) => ({ field: "user_agent.original", operator: "contains", values: [word(random, 7)] }),
  (random) => ({ field: "message", operator: "regex", values: [`${word(random, 5)}\\s+(id|code)=\\d{3,}`] }),
  (random) => ({
    field: "url.query",
    operator: "regex",
    values: [`(${word(random, 5)}|${word(random, 6)})=[a-f0-9]+`],
  }),
  (random) => ({ field: "http.response.bytes", operator: "greater", values: [Math.floor(random() * 1e6)] }),
];

/** Every rule has one clause that is rare, and up to two that are common. */
export function generateRules(count: number, seed: number): GeneratedRule[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, n) => {
    const rare = makers.filter((_, index) => index !== 1 && index !== 10);
    const clauses = [pick(random, rare)(random)];
    while (clauses.length < 3 && random() < 0.5) {
      const one = pick(random, makers)(random);
      if (!clauses.some(({ field, operator }) => field === one.field && operator === one.operator)) clauses.push(one);
    }
    const exception: GeneratedClause = { field: "source.ip", operator: "equal", values: [`10.0.0.${n % 250}`] };
    const rule: GeneratedRule = { title: `Rule ${n}`, category: pick(random, categories).toLowerCase(), clauses };
    return random() < 0.3 ? { ...rule, exception } : rule;
  });
}

const modifiers: Record<Operator, string> = {
  equal: "",
  contains: "|contains",
  endswith: "|endswith",
  regex: "|re",
  greater: "|gt",
};

/** JSON is YAML. */
export function sigmaOf({ title, category, clauses, exception }: GeneratedRule): string {
  const mapOf = (list: GeneratedClause[]) =>
    Object.fromEntries(list.map(({ field, operator, values }) => [field + modifiers[operator], values]));
  const filter = exception && { filter: mapOf([exception]) };
  const condition = exception ? "selection and not filter" : "selection";
  return JSON.stringify({
    title,
    logsource: { category },
    detection: { selection: mapOf(clauses), ...filter, condition },
  });
}

export function generateEvents(count: number, seed: number, rules: readonly GeneratedRule[]): SecurityEvent[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, n) => {
    const path = `/api/v2/${pick(random, parts)}/${Math.floor(random() * 1e5)}/${pick(random, parts)}`;
    // One event in a hundred has what some rule asks for.
    const asked = random() < 0.01 ? pick(random, rules).clauses[0] : undefined;
    const wanted = (field: string, otherwise: string) =>
      asked?.field === field && asked.operator !== "regex" ? String(asked.values[0]) : otherwise;
    return {
      id: `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`,
      time: 1_764_000_000_000 + n,
      receivedAt: 1_764_000_000_000 + n,
      logsource: {},
      action: wanted("event.action", `${pick(random, parts)}.${pick(random, verbs)}`),
      category: pick(random, categories),
      outcome: random() < 0.1 ? "FAILURE" : "SUCCESS",
      actor: { id: `u${n % 500}`, name: wanted("user.name", `staff${n % 500}@clinic.example`), roles: ["nurse"] },
      source: { ip: `10.${n % 4}.${n % 200}.${n % 250}`, port: 1_024 + (n % 60_000) },
      userAgent: pick(random, agents),
      sessionId: word(random, 20),
      target: { type: pick(random, parts), id: `${Math.floor(random() * 1e6)}` },
      http: {
        method: pick(random, ["GET", "POST"]),
        path: wanted("url.path", path),
        query: `page=${n % 40}&sort=${pick(random, parts)}`,
        status: 200,
        bytes: Math.floor(random() * 2e5),
      },
      message: `${pick(random, verbs)} of ${pick(random, parts)} ${Math.floor(random() * 1e6)} by staff${n % 500}`,
      attributes: { clinic: `c${n % 30}`, department: pick(random, parts), durationMs: n % 900 },
    };
  });
}
