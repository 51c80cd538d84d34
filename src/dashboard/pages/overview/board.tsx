import "./board.css";
import { type CSSProperties, type ReactNode, Suspense } from "react";
import { Guard, Loading } from "../../parts/states.tsx";
import { widgetTypes } from "../../widgets/table.ts";
import { overviewWords as words } from "../../words/overview.ts";
import { type Panel, typeOf } from "./panel.ts";

/** The widgets in their places. On narrow screens one below the other, in the order of reading. */
export function Board({ panels }: { panels: readonly Panel[] }) {
  const inOrder = [...panels].sort((a, b) => a.y - b.y || a.x - b.x);
  return (
    <div className="board">
      {inOrder.map((panel) => (
        <div
          key={panel.id}
          className={panel.height <= 3 && panel.width <= 4 ? "board-cell board-cell-small" : "board-cell"}
          style={placeOf(panel)}
        >
          <WidgetCard panel={panel} />
        </div>
      ))}
    </div>
  );
}

/** Where it stands, for board.css, which decides whether there is room for that. */
function placeOf({ x, y, width, height }: Panel): CSSProperties {
  return { "--column": `${x + 1} / span ${width}`, "--row": `${y + 1} / span ${height}` } as CSSProperties;
}

/** One widget with its title; `tools` are what is done with it while it is arranged. */
export function WidgetCard({ panel, tools }: { panel: Panel; tools?: ReactNode }) {
  const type = widgetTypes[typeOf(panel)];
  const View = type?.view;
  return (
    <section className="card widget" aria-label={panel.title}>
      <header className="widget-head">
        <h2 className="clip" title={panel.title}>
          {panel.title}
        </h2>
        {tools}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard */}
      <div className="widget-body" tabIndex={0}>
        <Guard>
          <Suspense fallback={<Loading lines={2} />}>
            {View ? <View settings={panel.settings} /> : <p className="card-body muted">{words.unknown}</p>}
          </Suspense>
        </Guard>
      </div>
    </section>
  );
}
