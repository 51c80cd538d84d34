import "./counter.css";
import { Link } from "wouter";
import { useQuery } from "../data/use-query.ts";
import { CountedDocument, type StepCountsFragment } from "../generated/graphql.ts";
import { Loaded, Loading } from "../parts/states.tsx";
import { overviewWords as words } from "../words/overview.ts";
import { useGauges } from "./gauges.ts";
import { useRange } from "./range.ts";
import { Spark } from "./spark.tsx";
import { choiceOf, type Settings } from "./widget.ts";

const gauges = [
  "openIncidents",
  "activeThreats",
  "eventsPerSecond",
  "detectionsPerMinute",
  "alertsQueued",
  "ingestLagMs",
] as const;
const counts = ["opened", "resolved", "detections", "alerts", "alertsFailed"] as const;
type Count = (typeof counts)[number];
/** Where what is counted stands in a list. */
const lists: Partial<Record<(typeof gauges)[number], string>> = {
  openIncidents: "/incidents",
  activeThreats: "/incidents?severity=HIGH",
  alertsQueued: "/alerts?view=waiting",
};

/** One number, and how it came about. */
export default function Counter({ settings }: { settings: Settings }) {
  const figure = choiceOf(settings, "figure", [...gauges, ...counts]);
  const gauge = gauges.find((one) => one === figure);
  if (gauge) return <Gauge name={gauge} />;
  return <CountOf name={figure as Count} settings={settings} />;
}

function Gauge({ name }: { name: (typeof gauges)[number] }) {
  const history = useGauges(true);
  const latest = history.at(-1);
  if (!latest) return <Loading lines={2} />;
  const list = lists[name];
  const value = shown(name, latest[name]);
  return (
    <div className="counter">
      <p className="counter-value number">{list ? <Link href={list}>{value}</Link> : value}</p>
      <p className="muted small">{words.live}</p>
      <Spark values={history.map((one) => one[name])} />
    </div>
  );
}

function CountOf({ name, settings }: { name: Count; settings: Settings }) {
  const range = useRange(settings);
  const counted = useQuery(CountedDocument, range);
  return (
    <Loaded of={counted} lines={2}>
      {(data) => {
        const total = sum(data.now.steps, name);
        return (
          <div className="counter">
            <p className="counter-value number">{total.toLocaleString()}</p>
            <p className="muted small">{change(words.ranges[range.length], total, sum(data.before.steps, name))}</p>
            <Spark values={data.now.steps.map((step) => step[name])} />
          </div>
        );
      }}
    </Loaded>
  );
}

function sum(steps: readonly StepCountsFragment[], name: Count): number {
  return steps.reduce((total, step) => total + step[name], 0);
}

function change(range: string, now: number, before: number): string {
  if (now === before) return words.same(range);
  const sign = now > before ? "+" : "−";
  const size = Math.abs(now - before);
  const text = before === 0 ? `${sign}${size.toLocaleString()}` : `${sign}${Math.round((size / before) * 100)} %`;
  return words.before(range, text);
}

function shown(name: (typeof gauges)[number], value: number): string {
  if (name === "ingestLagMs") return value >= 1_000 ? `${(value / 1_000).toFixed(1)} s` : `${Math.round(value)} ms`;
  return value.toLocaleString(undefined, { maximumFractionDigits: value < 100 ? 1 : 0 });
}
