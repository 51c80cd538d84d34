import { useState } from "react";
import GridLayout, { type Layout, useContainerWidth } from "react-grid-layout";
import { useMutation } from "../../data/use-mutation.ts";
import { DashboardArrangeDocument, WidgetRemoveDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { toast } from "../../parts/toast.tsx";
import { overviewWords as words } from "../../words/overview.ts";
import { words as shared } from "../../words.ts";
import { WidgetCard } from "./board.tsx";
import { ConfigureWidget } from "./configure-widget.tsx";
import type { Panel, Place } from "./panel.ts";

interface EditBoardProps {
  dashboardId: string;
  panels: readonly Panel[];
  onChanged: () => void;
}

const rowHeight = 40; // as in board.css
const gap = 12;

/** The board while it is arranged: dragged by the heads, sized by the corners, each change saved at once. */
export default function EditBoard({ dashboardId, panels, onChanged }: EditBoardProps) {
  const { width, containerRef, mounted } = useContainerWidth();
  const arrange = useMutation(DashboardArrangeDocument);
  const remove = useMutation(WidgetRemoveDocument);
  const [wished, setWished] = useState<Record<string, Place>>({}); // shown before the server has said yes
  const [configured, setConfigured] = useState<Panel>();
  const [removes, setRemoves] = useState<Panel>();
  const shown = panels.map((panel) => ({ ...panel, ...wished[panel.id] }));

  async function save(layout: Layout): Promise<void> {
    const all = layout.map(({ i, x, y, w, h }) => ({ widgetId: i, x, y, width: w, height: h }));
    // Only what moved: somebody else may have moved another widget meanwhile, or removed it.
    const places = all.filter(({ widgetId, ...place }) => {
      const before = shown.find(({ id }) => id === widgetId);
      return before && (["x", "y", "width", "height"] as const).some((key) => before[key] !== place[key]);
    });
    if (places.length === 0) return;
    const moved = Object.fromEntries(places.map(({ widgetId, ...place }) => [widgetId, place]));
    setWished((before) => ({ ...before, ...moved }));
    if (!(await arrange.run({ id: dashboardId, places }))) {
      setWished({});
      toast(words.notSaved, "bad");
    }
    onChanged();
  }

  async function take(id: string): Promise<void> {
    if (!(await remove.run({ id }))) return;
    setRemoves(undefined);
    onChanged();
  }

  return (
    <div ref={containerRef} className="board-edit">
      {mounted && (
        <GridLayout
          width={width}
          layout={shown.map(({ id, x, y, width: w, height: h }) => ({ i: id, x, y, w, h, minW: 2, minH: 2 }))}
          gridConfig={{ cols: 12, rowHeight, margin: [gap, gap], containerPadding: [gap, 0] }}
          dragConfig={{ enabled: true, handle: ".widget-head", cancel: "button" }}
          resizeConfig={{ enabled: true, handles: ["se"] }}
          onDragStop={(layout) => void save(layout)}
          onResizeStop={(layout) => void save(layout)}
        >
          {shown.map((panel) => (
            <div key={panel.id}>
              <WidgetCard
                panel={panel}
                tools={
                  <>
                    <Button
                      kind="quiet"
                      small
                      icon="edit"
                      label={words.configure(panel.title)}
                      onClick={() => setConfigured(panel)}
                    />
                    <Button
                      kind="quiet"
                      small
                      icon="trash"
                      label={words.removeWidget(panel.title)}
                      onClick={() => setRemoves(panel)}
                    />
                  </>
                }
              />
            </div>
          ))}
        </GridLayout>
      )}
      {removes && (
        <Confirm
          title={words.removeWidget(removes.title)}
          text={words.removeWidgetText}
          action={shared.do.remove}
          errors={remove.errors}
          busy={remove.busy}
          onClose={() => setRemoves(undefined)}
          onConfirm={() => void take(removes.id)}
        />
      )}
      {configured && (
        <ConfigureWidget
          dashboardId={dashboardId}
          panel={configured}
          panels={shown}
          onClose={() => setConfigured(undefined)}
          onDone={() => {
            setConfigured(undefined);
            setWished({});
            onChanged();
          }}
        />
      )}
    </div>
  );
}
