import { soon } from "../data/soon.ts";
import { overviewWords as words } from "../words/overview.ts";
import type { Setting, WidgetType } from "./widget.ts";

/** The time that a widget shows; `first`: until another is chosen. */
const rangeFrom = (first: keyof typeof words.ranges): Setting => ({
  key: "range",
  label: words.settings.range,
  options: { [first]: words.ranges[first], ...words.ranges },
});
const range = rangeFrom("P1D");

/** All kinds of widgets. A new one is a line here and a file that exports it as `default`. */
export const widgetTypes: Record<string, WidgetType> = {
  counter: {
    title: words.widgets.counter,
    kind: "NUMBER",
    width: 3,
    height: 3,
    settings: [{ key: "figure", label: words.settings.figure, options: words.figures }, range],
    view: soon(() => import("./counter.tsx")),
  },
  timeSeries: {
    title: words.widgets.timeSeries,
    kind: "LINE",
    width: 6,
    height: 6,
    settings: [{ key: "series", label: words.settings.series, options: words.series }, range],
    view: soon(() => import("./time-series.tsx")),
  },
  severity: {
    title: words.widgets.severity,
    kind: "BAR",
    width: 3,
    height: 6,
    settings: [],
    view: soon(() => import("./severity.tsx")),
  },
  incidents: {
    title: words.widgets.incidents,
    kind: "TABLE",
    width: 6,
    height: 8,
    settings: [],
    view: soon(() => import("./incidents.tsx")),
  },
  topList: {
    title: words.widgets.topList,
    kind: "TABLE",
    width: 3,
    height: 6,
    settings: [range],
    view: soon(() => import("./top-list.tsx")),
  },
  delivery: {
    title: words.widgets.delivery,
    kind: "BAR",
    width: 3,
    height: 5,
    settings: [range],
    view: soon(() => import("./delivery.tsx")),
  },
  heatMap: {
    title: words.widgets.heatMap,
    kind: "BAR",
    width: 6,
    height: 6,
    settings: [],
    view: soon(() => import("./heat-map.tsx")),
  },
  events: {
    title: words.widgets.events,
    kind: "FEED",
    width: 6,
    height: 7,
    settings: [{ key: "outcome", label: words.settings.outcome, options: words.outcomes }],
    view: soon(() => import("./events.tsx")),
  },
  health: {
    title: words.widgets.health,
    kind: "TABLE",
    width: 3,
    height: 6,
    settings: [],
    view: soon(() => import("./health.tsx")),
  },
  risk: {
    title: words.widgets.risk,
    kind: "TABLE",
    width: 3,
    height: 7,
    settings: [],
    view: soon(() => import("./risk.tsx")),
  },
  attack: {
    title: words.widgets.attack,
    kind: "TABLE",
    width: 12,
    height: 6,
    settings: [rangeFrom("P30D")],
    view: soon(() => import("./attack.tsx")),
  },
  threatMap: {
    title: words.widgets.threatMap,
    kind: "TABLE",
    width: 6,
    height: 7,
    settings: [rangeFrom("P7D")],
    view: soon(() => import("./threat-map.tsx")),
  },
  geoAnomalies: {
    title: words.widgets.geoAnomalies,
    kind: "FEED",
    width: 6,
    height: 6,
    settings: [rangeFrom("P7D")],
    view: soon(() => import("./geo-anomalies.tsx")),
  },
  performance: {
    title: words.widgets.performance,
    kind: "TABLE",
    width: 6,
    height: 6,
    settings: [range, { key: "source", label: words.settings.source }],
    view: soon(() => import("./performance.tsx")),
  },
  text: {
    title: words.widgets.text,
    kind: "TABLE",
    width: 4,
    height: 4,
    settings: [{ key: "text", label: words.settings.text }],
    view: soon(() => import("./text.tsx")),
  },
};
