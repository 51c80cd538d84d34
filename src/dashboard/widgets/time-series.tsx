import { useQuery } from "../data/use-query.ts";
import { type StepCountsFragment, StepsDocument } from "../generated/graphql.ts";
import Chart from "../parts/chart.tsx";
import { Loaded } from "../parts/states.tsx";
import { overviewWords as words } from "../words/overview.ts";
import { useRange } from "./range.ts";
import { choiceOf, type Settings } from "./widget.ts";

type Count = Exclude<keyof StepCountsFragment, "at" | "__typename">;
const sets: Record<keyof typeof words.series, { name: Count; color: string }[]> = {
  incidents: [
    { name: "opened", color: "--chart-3" },
    { name: "resolved", color: "--chart-2" },
  ],
  detections: [{ name: "detections", color: "--chart-1" }],
  alerts: [
    { name: "alerts", color: "--chart-1" },
    { name: "alertsFailed", color: "--critical" },
  ],
};

/** What was counted, over time. */
export default function TimeSeries({ settings }: { settings: Settings }) {
  const set = choiceOf(settings, "series", ["incidents", "detections", "alerts"]);
  const { range, interval } = useRange(settings);
  const counted = useQuery(StepsDocument, { range, interval });
  return (
    <Loaded of={counted}>
      {({ statistics: { steps } }) => (
        <Chart
          label={words.series[set]}
          at={steps.map(({ at }) => Date.parse(at) / 1_000)}
          lines={sets[set].map(({ name, color }) => ({
            label: words.figures[name],
            color,
            values: steps.map((step) => step[name]),
          }))}
        />
      )}
    </Loaded>
  );
}
