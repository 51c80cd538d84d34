import { lazy } from "react";
import { overviewWords as words } from "../words/overview.ts";
import type { Setting, WidgetType } from "./widget.ts";

const range: Setting = {
  key: "range",
  label: words.settings.range,
  options: { P1D: words.ranges.P1D, PT1H: words.ranges.PT1H, P7D: words.ranges.P7D, P30D: words.ranges.P30D },
};

/** All kinds of widgets. A new one is a line here and a file that exports it as `default`. */
export const widgetTypes: Record<string, WidgetType> = {
  counter: {
    title: words.widgets.counter,
    kind: "NUMBER",
    width: 3,
    height: 3,
    settings: [{ key: "figure", label: words.settings.figure, options: words.figures }, range],
    view: lazy(() => import("./counter.tsx")),
  },
  timeSeries: {
    title: words.widgets.timeSeries,
    kind: "LINE",
    width: 6,
    height: 6,
    settings: [{ key: "series", label: words.settings.series, options: words.series }, range],
    view: lazy(() => import("./time-series.tsx")),
  },
  severity: {
    title: words.widgets.severity,
    kind: "BAR",
    width: 3,
    height: 6,
    settings: [],
    view: lazy(() => import("./severity.tsx")),
  },
  incidents: {
    title: words.widgets.incidents,
    kind: "TABLE",
    width: 6,
    height: 8,
    settings: [],
    view: lazy(() => import("./incidents.tsx")),
  },
  topList: {
    title: words.widgets.topList,
    kind: "TABLE",
    width: 3,
    height: 6,
    settings: [range],
    view: lazy(() => import("./top-list.tsx")),
  },
  delivery: {
    title: words.widgets.delivery,
    kind: "BAR",
    width: 3,
    height: 5,
    settings: [range],
    view: lazy(() => import("./delivery.tsx")),
  },
  heatMap: {
    title: words.widgets.heatMap,
    kind: "BAR",
    width: 6,
    height: 6,
    settings: [],
    view: lazy(() => import("./heat-map.tsx")),
  },
  events: {
    title: words.widgets.events,
    kind: "FEED",
    width: 6,
    height: 7,
    settings: [],
    view: lazy(() => import("./events.tsx")),
  },
  health: {
    title: words.widgets.health,
    kind: "TABLE",
    width: 3,
    height: 6,
    settings: [],
    view: lazy(() => import("./health.tsx")),
  },
  risk: {
    title: words.widgets.risk,
    kind: "TABLE",
    width: 3,
    height: 7,
    settings: [],
    view: lazy(() => import("./risk.tsx")),
  },
  attack: {
    title: words.widgets.attack,
    kind: "TABLE",
    width: 12,
    height: 6,
    settings: [range],
    view: lazy(() => import("./attack.tsx")),
  },
  text: {
    title: words.widgets.text,
    kind: "TABLE",
    width: 4,
    height: 4,
    settings: [{ key: "text", label: words.settings.text }],
    view: lazy(() => import("./text.tsx")),
  },
};
