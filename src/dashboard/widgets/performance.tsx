import "../parts/panel.css";
import { useQuery } from "../data/use-query.ts";
import { MeasuredDocument, type MeasuredQuery } from "../generated/graphql.ts";
import { Empty, Loaded } from "../parts/states.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { overviewWords as words } from "../words/overview.ts";
import { useRange } from "./range.ts";
import type { Settings } from "./widget.ts";

type Summary = MeasuredQuery["performance"]["summaries"][number];

const number = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const figure = (key: "p50" | "p95" | "p99" | "max", more: Partial<Column<Summary>> = {}): Column<Summary> => ({
  key,
  head: words.percentiles[key],
  align: "right",
  width: "76px",
  cell: (row) => <span className="number">{number.format(row[key])}</span>,
  ...more,
});
const columns: readonly Column<Summary>[] = [
  {
    key: "name",
    head: words.measured,
    fill: true,
    cell: ({ name, source, unit, count }) => (
      <div className="two-lines">
        <span className="wrap">
          {name} <span className="muted">{unit}</span>
        </span>
        <span className="muted wrap">{words.measuredBy(source, count)}</span>
      </div>
    ),
  },
  figure("p50"),
  figure("p95"),
  figure("p99", { from: "desktop" }),
  figure("max", { from: "desktop" }),
];

/** How fast the monitored systems are, by what they measured themselves. */
export default function Performance({ settings }: { settings: Settings }) {
  const { range } = useRange(settings);
  const asked = typeof settings["source"] === "string" ? settings["source"].trim() : "";
  const measured = useQuery(MeasuredDocument, { range });
  return (
    <Loaded of={measured}>
      {({ performance: { summaries } }) => {
        const rows = summaries.filter(({ source }) => asked === "" || source === asked);
        if (rows.length === 0) return <Empty text={words.noMeasured} icon="status" />;
        return (
          <Table
            label={words.widgets.performance}
            columns={columns}
            rows={rows}
            rowKey={({ name, source, unit }) => `${source} ${name} ${unit}`}
          />
        );
      }}
    </Loaded>
  );
}
