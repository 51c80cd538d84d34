import { askAhead } from "../../data/use-query.ts";
import { CountedDocument } from "../../generated/graphql.ts";
import { askGauges } from "../../widgets/gauges.ts";
import { rangeOf } from "../../widgets/range.ts";
import { widgetTypes } from "../../widgets/table.ts";
import { overviewWords as words } from "../../words/overview.ts";
import type { Panel } from "./panel.ts";

const rows: [widget: string, title: string, x: number, y: number, width: number, height: number, more?: object][] = [
  ["counter", words.figures.openIncidents, 0, 0, 3, 3, { figure: "openIncidents" }],
  ["counter", words.figures.activeThreats, 3, 0, 3, 3, { figure: "activeThreats" }],
  ["counter", words.figures.detections, 6, 0, 3, 3, { figure: "detections", range: "P1D" }],
  ["counter", words.figures.eventsPerSecond, 9, 0, 3, 3, { figure: "eventsPerSecond" }],
  ["incidents", words.widgets.incidents, 0, 3, 6, 7],
  ["severity", words.widgets.severity, 6, 3, 3, 7],
  ["risk", words.widgets.risk, 9, 3, 3, 7],
  ["timeSeries", words.series.incidents, 0, 10, 6, 6, { series: "incidents", range: "P7D" }],
  ["heatMap", words.widgets.heatMap, 6, 10, 6, 6],
  ["events", words.widgets.events, 0, 16, 6, 7],
  ["delivery", words.widgets.delivery, 6, 16, 3, 7, { range: "P7D" }],
  ["health", words.widgets.health, 9, 16, 3, 7],
  ["threatMap", words.widgets.threatMap, 0, 23, 6, 7, { range: "P7D" }],
  ["geoAnomalies", words.widgets.geoAnomalies, 6, 23, 6, 7, { range: "P7D" }],
  ["attack", words.widgets.attack, 0, 30, 12, 7, { range: "P30D" }],
];

/** What the overview shows until somebody makes a dashboard of their own. */
export const standardPanels: readonly Panel[] = rows.map(([widget, title, x, y, width, height, more], index) => ({
  id: `standard-${index}`,
  title,
  x,
  y,
  width,
  height,
  settings: { widget, ...more },
}));

/** Asks for the code of all widgets that the overview shows, at once, and for the figures at its top. */
export function preloadStandard(): void {
  askGauges();
  for (const { settings } of standardPanels) {
    if (settings["figure"] === "detections") askAhead(CountedDocument, rangeOf(settings));
  }
  for (const name of new Set(rows.map(([widget]) => widget))) widgetTypes[name]?.view.preload();
}
