import { useEffect } from "react";
import { useQuery } from "../../data/use-query.ts";
import { OnCallNowDocument } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Loaded } from "../../parts/states.tsx";
import { Time } from "../../parts/time.tsx";
import { onCallWords as words } from "../../words/on-call.ts";

const soonest = 15_000; // ms until it is asked for again: the server's clock may be behind
const longest = 2_147_483_647; // ms; a timer of more ends at once

/** Who is on call by a schedule now, and who is next. Its key says what that depends on besides the time. */
export function Now({ scheduleId }: { scheduleId: string }) {
  const now = useQuery(OnCallNowDocument, { scheduleId });
  const { data, reload } = now;

  // The next one has their turn, or nobody's ends.
  useEffect(() => {
    const change = data?.onCall?.until ?? data?.onCall?.next[0]?.from;
    if (!change) return undefined;
    const left = Date.parse(change) - Date.now();
    const timer = setTimeout(reload, Math.min(longest, Math.max(soonest, left)));
    return () => clearTimeout(timer);
  }, [data, reload]);

  return (
    <Loaded of={now} lines={2}>
      {({ onCall }) => (
        <>
          <div className="on-call-now">
            <span className="muted small">{words.now}</span>
            <strong className="wrap">{onCall?.user?.name ?? words.nobody}</strong>
            <span className="muted small">
              {onCall?.user?.email} {onCall?.until && words.until}{" "}
              {onCall?.until && <Time at={onCall.until} as="clock" />}{" "}
              {onCall?.isOverride && <Badge tone="accent">{words.standsIn}</Badge>}
            </span>
          </div>
          <section>
            <h3>{words.next}</h3>
            <ul className="places">
              {(onCall?.next ?? []).slice(0, 6).map(({ from, user }) => (
                <li key={from} className="row">
                  <span className="small wrap">{user?.name ?? words.nobody}</span>
                  <span className="muted small push">
                    {words.from} <Time at={from} as="clock" />
                  </span>
                </li>
              ))}
            </ul>
          </section>
        </>
      )}
    </Loaded>
  );
}
