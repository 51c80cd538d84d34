import { useQuery } from "../../data/use-query.ts";
import { ResponseRuleHitsDocument, type Severity } from "../../generated/graphql.ts";
import { responseWords } from "../../words/response.ts";

const words = responseWords.rules;
const days = 30;
const day = 86_400_000; // ms

interface HitsProps {
  severity: Severity | undefined;
  score: number | undefined;
  /** The rule has conditions that are not asked for here. */
  narrower: boolean;
}

/** How many incidents of the last 30 days are as bad as the rule asks for. */
export function Hits({ severity, score, narrower }: HitsProps) {
  const since = new Date(Math.floor(Date.now() / day) * day - days * day).toISOString();
  const wrong = score !== undefined && !(score >= 0 && score <= 100);
  const { data } = useQuery(
    ResponseRuleHitsDocument,
    wrong
      ? undefined
      : {
          filter: {
            and: [
              { openedAt: { gte: since } },
              ...(severity ? [{ severity: { gte: severity } }] : []),
              ...(score === undefined ? [] : [{ threatScore: { gte: score } }]),
            ],
          },
        },
  );
  if (!data) return null;
  const { totalCount, nodes } = data.incidents;
  return (
    <div className="blast-note" aria-live="polite">
      <p>
        <strong>{words.hits(totalCount, days)}</strong> {narrower && words.hitsNarrower}
      </p>
      {nodes.map(({ number, title }) => (
        <p key={number} className="muted clip">
          #{number} {title}
        </p>
      ))}
    </div>
  );
}
