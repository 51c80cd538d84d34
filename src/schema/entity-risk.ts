import { changeInWords, riskChanges } from "../detect/risk/history.ts";
import { readContributions, type StoredContribution } from "../detect/risk/read.ts";
import { leftOf, pointsOf } from "../detect/risk.ts";
import { VigilError } from "../errors.ts";
import { AlertRule } from "./alert-rule.ts";
import { builder } from "./builder.ts";
import { type Context, prismaOf, viewerOf } from "./context.ts";
import { rowKey } from "./page.ts";

interface Shown extends StoredContribution {
  now: number;
  points: number;
}

export const ContributionType = builder.objectRef<Shown>("RiskContribution").implement({
  description: "What one detection adds to a threat score. It halves every 7 days and counts for 30.",
  fields: (t) => ({
    at: t.field({
      type: "DateTime",
      description: "The time of the detection's last event.",
      resolve: ({ at }) => new Date(at),
    }),
    weight: t.exposeFloat("weight", { description: "How much it was when it was new, 0 to 100." }),
    now: t.exposeFloat("now", { description: "What is left of it, 0 to 100." }),
    points: t.exposeFloat("points", { description: "Its part of the score: the parts of all add up to it." }),
    reason: t.exposeString("reason", { description: "The rule's title when it fired." }),
    rule: t.prismaField({
      type: AlertRule,
      description: "The rule that fired.",
      resolve: (query, { ruleId }, _args, context) =>
        prismaOf(context).alertRule.findUniqueOrThrow({ ...query, where: rowKey(ruleId, context) }),
    }),
    detection: t.prismaField({
      type: "Detection",
      description: "The detection.",
      resolve: (query, { detectionId }, _args, context) =>
        prismaOf(context).detection.findUniqueOrThrow({ ...query, where: rowKey(detectionId, context) }),
    }),
  }),
});

interface Change {
  at: Date;
  points: number;
  told: string;
}

export const RiskChangeType = builder.objectRef<Change>("RiskChange").implement({
  description: "One rise of a threat score.",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "When." }),
    points: t.exposeFloat("points", { description: "By how much." }),
    told: t.exposeString("told", { description: "In words: `+23: Impossible travel, 2 h ago`." }),
  }),
});

interface Scored {
  kind: string;
  key: string;
  criticality: number;
}

const read = (context: Context, entity: Scored, now: number): Promise<StoredContribution[]> => {
  const { organizationId } = viewerOf(context);
  const query = (text: string, values?: unknown[]) => context.services.db.query(organizationId, text, values);
  return readContributions({ query: query as never }, organizationId, entity, now);
};

function inBounds(first: number, most: number): void {
  if (first < 1 || first > most)
    throw new VigilError("BAD_USER_INPUT", `first is from 1 to ${most}`, { path: ["first"] });
}

/** What the score is made of now. */
export async function contributionsOf(context: Context, entity: Scored, first: number): Promise<Shown[]> {
  inBounds(first, 100);
  const now = context.services.now();
  const all = await read(context, entity, now);
  const points = pointsOf(all, now, entity.criticality);
  const shown = all.map((one, index) => ({ ...one, now: leftOf(one, now), points: points[index] as number }));
  return shown.sort((a, b) => b.points - a.points).slice(0, first);
}

/** What changed it, the latest first. */
export async function riskChangesOf(context: Context, entity: Scored, first: number): Promise<Change[]> {
  inBounds(first, 50);
  const now = context.services.now();
  const changes = riskChanges(await read(context, entity, now), entity.criticality, first);
  return changes.map(({ contribution: { at, reason }, points }) => ({
    at: new Date(at),
    points,
    told: changeInWords(points, reason, at, now),
  }));
}
