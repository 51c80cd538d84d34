import type { RuleMode } from "../../generated/graphql.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { ruleWords as words } from "../../words/rules.ts";

const tones: Record<RuleMode, Tone> = { ACTIVE: "good", MONITOR: "accent", DISABLED: "neutral" };

/** What a rule may do. */
export function Mode({ mode }: { mode: RuleMode }) {
  return (
    <Badge tone={tones[mode]} title={words.modeHints[mode]}>
      {words.modes[mode]}
    </Badge>
  );
}

/** The share of incidents that somebody had to act on. */
export function precisionText(precision: number | null | undefined): string {
  return precision === null || precision === undefined ? words.notJudged : `${Math.round(precision * 100)} %`;
}
