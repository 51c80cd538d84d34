/** Which techniques of MITRE ATT&CK an organization's rules look for, and what they found. */
import type { Database } from "../db.ts";
import { tacticNames, techniqueNames } from "./attack-names.ts";
import type { RuleMode } from "./detection.ts";

export interface Coverage {
  active: number;
  monitor: number;
  disabled: number;
  /** In the range that was asked for. */
  detections: number;
}

export interface TechniqueCoverage extends Coverage {
  /** e.g. T1110.003 */
  id: string;
  /** Absent: one that no built-in rule names. */
  name?: string;
}

export interface TacticCoverage extends Coverage {
  id: string;
  name: string;
  techniques: TechniqueCoverage[];
}

export interface CoveringRule {
  mode: RuleMode;
  tags: string[];
  detections: number;
}

/** Rules with ATT&CK tags and what they detected. Informational rules serve others and are left out, removed ones too. */
export async function coveringRules(
  db: Pick<Database, "query">,
  organizationId: string,
  { from, to }: { from: Date; to: Date },
): Promise<CoveringRule[]> {
  const { rows } = await db.query<CoveringRule & Record<string, unknown>>(organizationId, {
    name: "attack_coverage",
    // Counted once: planned as a join, it may be counted anew for each rule.
    text: `WITH counted AS MATERIALIZED (
        SELECT rule_id, count(*) AS detections FROM detections
        WHERE organization_id = $1 AND created_at >= $2 AND created_at < $3 GROUP BY rule_id
      )
      SELECT r.mode, r.tags, coalesce(d.detections, 0)::int AS detections
      FROM alert_rules r LEFT JOIN counted d ON d.rule_id = r.id
      WHERE r.organization_id = $1 AND r.severity <> 'INFO' AND array_to_string(r.tags, ' ') ILIKE '%attack.%'
        AND r.deleted_at IS NULL`,
    values: [organizationId, from, to],
  });
  return rows;
}

/** Every tactic in its order, also those that nothing covers; of the techniques those that a rule names. */
export function coverageOf(rules: readonly CoveringRule[]): TacticCoverage[] {
  const tactics = new Map(
    [...tacticNames].map(([slug, { id, name }]) => [
      slug,
      { id, name, ...none(), techniques: new Map<string, TechniqueCoverage>() },
    ]),
  );
  for (const rule of rules) {
    const tags = rule.tags.map((tag) => tag.toLowerCase());
    const named = tags.filter((tag) => tag.startsWith("attack.")).map((tag) => tag.slice(7).replaceAll("_", "-"));
    const ownTactics = [...new Set(named.filter((name) => tactics.has(name)))];
    const techniques = [...new Set(named.filter((name) => /^t\d{4}(\.\d{3})?$/.test(name)))];
    const places = new Set(ownTactics);
    for (const technique of techniques) {
      const id = technique.toUpperCase();
      for (const slug of tacticsFor(id, ownTactics)) {
        places.add(slug);
        const list = tactics.get(slug)?.techniques;
        const known = list?.get(id) ?? { id, ...nameOf(id), ...none() };
        add(known, rule);
        list?.set(id, known);
      }
    }
    for (const slug of places) add(tactics.get(slug), rule);
  }
  return [...tactics.values()].map(({ techniques, ...tactic }) => ({
    ...tactic,
    techniques: [...techniques.values()].sort((one, other) => (one.id < other.id ? -1 : 1)),
  }));
}

/** A technique stands under those of its tactics that the rule names; under all of its tactics if the rule names none. */
function tacticsFor(id: string, ownTactics: readonly string[]): readonly string[] {
  const served = techniqueNames.get(id)?.tactics ?? ownTactics;
  const both = served.filter((slug) => ownTactics.includes(slug));
  return both.length > 0 ? both : served;
}

function nameOf(id: string): { name?: string } {
  const name = techniqueNames.get(id)?.name;
  return name === undefined ? {} : { name };
}

function none(): Coverage {
  return { active: 0, monitor: 0, disabled: 0, detections: 0 };
}

function add(coverage: Coverage | undefined, { mode, detections }: CoveringRule): void {
  if (!coverage) return;
  coverage.detections += detections;
  if (mode === "ACTIVE") coverage.active++;
  else if (mode === "MONITOR") coverage.monitor++;
  else coverage.disabled++;
}
