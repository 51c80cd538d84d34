import { useQuery } from "../../data/use-query.ts";
import { ResponseRuleHitsDocument, type Severity } from "../../generated/graphql.ts";
import { Loading } from "../../parts/states.tsx";
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
  const { data, error } = useQuery(
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
    { anew: true },
  );
  if (wrong) return null;
  const found = data?.incidents;
  return (
    <div className="blast-note" aria-live="polite">
      {error ? (
        <p className="field-error">{error.message}</p>
      ) : found ? (
        <p>
          <strong>{words.hits(found.totalCount, days)}</strong> {narrower && words.hitsNarrower}
        </p>
      ) : (
        <Loading lines={1} />
      )}
      {found?.nodes.map(({ number, title }) => (
        <p key={number} className="muted clip">
          #{number} {title}
        </p>
      ))}
    </div>
  );
}
