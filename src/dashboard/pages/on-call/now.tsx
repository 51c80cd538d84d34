import { useQuery } from "../../data/use-query.ts";
import { OnCallNowDocument } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Loaded } from "../../parts/states.tsx";
import { Time } from "../../parts/time.tsx";
import { onCallWords as words } from "../../words/on-call.ts";

/** Who is on call by a schedule now, and who is next. Its key says what that depends on: it is asked for once. */
export function Now({ scheduleId }: { scheduleId: string }) {
  const now = useQuery(OnCallNowDocument, { scheduleId });
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
