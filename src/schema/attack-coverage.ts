import { attackVersion } from "../detect/attack-names.ts";
import {
  type Coverage,
  coverageOf,
  coveringRules,
  type TacticCoverage,
  type TechniqueCoverage,
} from "../detect/coverage.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { checkRange, RangeInput } from "./range.ts";

const usualRange = 30 * 86_400_000; // ms

const RuleCounts = builder.objectRef<Coverage>("AttackRuleCounts").implement({
  description: "How many rules there are, by what they may do.",
  fields: (t) => ({
    active: t.exposeInt("active", { description: "Those that open incidents." }),
    monitor: t.exposeInt("monitor", { description: "Those that only record what they would have done." }),
    disabled: t.exposeInt("disabled", { description: "Those that are not evaluated." }),
  }),
});

const Technique = builder.objectRef<TechniqueCoverage>("AttackTechnique").implement({
  description: "A technique, or sub-technique, of MITRE ATT&CK that a rule names.",
  fields: (t) => ({
    techniqueId: t.exposeString("id", { description: "Its ATT&CK id, e.g. `T1110.003`." }),
    name: t.exposeString("name", {
      nullable: true,
      description: "Its name; null for one that no built-in rule names.",
    }),
    rules: t.field({ type: RuleCounts, description: "The rules that name it.", resolve: (technique) => technique }),
    detections: t.exposeInt("detections", { description: "What they detected in the range." }),
  }),
});

const Tactic = builder.objectRef<TacticCoverage>("AttackTactic").implement({
  description: "A tactic of MITRE ATT&CK: what an attacker wants to reach.",
  fields: (t) => ({
    tacticId: t.exposeString("id", { description: "Its ATT&CK id, e.g. `TA0006`." }),
    name: t.exposeString("name", { description: "Its name." }),
    rules: t.field({ type: RuleCounts, description: "The rules that serve it.", resolve: (tactic) => tactic }),
    detections: t.exposeInt("detections", { description: "What they detected in the range." }),
    techniques: t.expose("techniques", { type: [Technique], description: "Its techniques that a rule names, by id." }),
  }),
});

const AttackCoverage = builder.objectRef<{ tactics: TacticCoverage[] }>("AttackCoverage").implement({
  description: "Which techniques of MITRE ATT&CK the rules look for. Informational rules only serve others: left out.",
  fields: (t) => ({
    attackVersion: t.string({
      description: "The version of ATT&CK for Enterprise that names and order are from.",
      resolve: () => attackVersion,
    }),
    tactics: t.expose("tactics", { type: [Tactic], description: "All tactics in their order, also uncovered ones." }),
  }),
});

builder.queryField("attackCoverage", (t) =>
  t.field({
    type: AttackCoverage,
    description: "Which techniques of MITRE ATT&CK the rules look for, and how often they found something.",
    authScopes: { permission: "rule.read" },
    args: {
      range: t.arg({
        type: RangeInput,
        description: "When the counted detections were made. Unless told: the last 30 days.",
      }),
    },
    resolve: async (_parent, { range: asked }, context) => {
      const now = context.services.now();
      const range = asked ?? { from: new Date(now - usualRange), to: new Date(now + 1) };
      checkRange(range);
      const rules = await coveringRules(context.services.db, viewerOf(context).organizationId, range);
      return { tactics: coverageOf(rules) };
    },
  }),
);
