import "./delivery.css";
import { useFeed } from "../data/feed.ts";
import { alertFeed } from "../data/feeds.ts";
import { useQuery } from "../data/use-query.ts";
import { useSoon } from "../data/use-soon.ts";
import { type AlertStatus, DeliveryCountsDocument } from "../generated/graphql.ts";
import { Empty, Loaded } from "../parts/states.tsx";
import { overviewWords as words } from "../words/overview.ts";
import { useRange } from "./range.ts";
import type { Settings } from "./widget.ts";

const groups = ["delivered", "waiting", "held", "failed"] as const;
const colors = { delivered: "--good", waiting: "--chart-1", held: "--muted", failed: "--bad" } as const;

function groupOf(status: AlertStatus): (typeof groups)[number] {
  if (status === "DELIVERED" || status === "SENT") return "delivered";
  if (status === "FAILED") return "failed";
  return status === "HELD" ? "held" : "waiting";
}

/** What became of alerts, by channel. */
export default function Delivery({ settings }: { settings: Settings }) {
  const { range } = useRange(settings);
  const counted = useQuery(DeliveryCountsDocument, { range });
  useFeed(alertFeed, useSoon(counted.reload, 3_000));
  return (
    <Loaded of={counted}>
      {({ alertCounts }) => {
        if (alertCounts.length === 0) return <Empty text={words.noAlerts} />;
        const channels = new Map<string, Record<(typeof groups)[number], number>>();
        for (const { channel, status, alerts } of alertCounts) {
          const name = channel?.name ?? "—";
          const row = channels.get(name) ?? { delivered: 0, waiting: 0, held: 0, failed: 0 };
          row[groupOf(status)] += alerts;
          channels.set(name, row);
        }
        return (
          <ul className="delivery">
            {[...channels].map(([name, row]) => (
              <li key={name}>
                <strong className="clip">{name}</strong>
                <div className="by-severity-bar" aria-hidden="true">
                  {groups.map((group) => (
                    <span key={group} style={{ flexGrow: row[group], background: `var(${colors[group]})` }} />
                  ))}
                </div>
                <p className="muted">
                  {groups.flatMap((group) => (row[group] > 0 ? [`${words[group]} ${row[group]}`] : [])).join(" · ")}
                </p>
              </li>
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}
