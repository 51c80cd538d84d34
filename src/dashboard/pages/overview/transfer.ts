import { mutate } from "../../api.ts";
import { WidgetNewDocument } from "../../generated/graphql.ts";
import { widgetTypes } from "../../widgets/table.ts";
import { overviewWords as words } from "../../words/overview.ts";
import { type Panel, typeOf } from "./panel.ts";

const format = "vigil-dashboard-1";

/** A dashboard as a file that another installation can read. */
export function exportText(name: string, panels: readonly Panel[]): string {
  const widgets = panels.map(({ id, ...panel }) => panel);
  return `${JSON.stringify({ format, name, widgets }, null, 2)}\n`;
}

/** Reads such a file. Throws an error that says that it is none. */
export function importPanels(text: string): Panel[] {
  try {
    const { format: found, widgets } = JSON.parse(text) as { format: string; widgets: Panel[] };
    if (found !== format || !Array.isArray(widgets)) throw new Error();
    return widgets.map(({ title, x, y, width, height, settings }, index) => {
      const place = { x: Number(x), y: Number(y), width: Number(width), height: Number(height) };
      if (!Object.values(place).every(Number.isSafeInteger) || typeof settings !== "object") throw new Error();
      return { id: String(index), title: String(title), ...place, settings: { ...settings } };
    });
  } catch {
    throw new Error(words.fileBroken);
  }
}

/** Puts panels on a dashboard. Throws where one is refused. */
export async function putPanels(dashboardId: string, panels: readonly Panel[]): Promise<void> {
  async function put({ title, settings, x, y, width, height }: Panel): Promise<void> {
    const kind = widgetTypes[typeOf({ settings })]?.kind ?? "TABLE";
    const input = { dashboardId, kind, title, settings, x, y, width, height };
    const { widgetCreate } = await mutate(WidgetNewDocument, { input });
    const fault = widgetCreate.userErrors[0];
    if (fault) throw new Error(fault.message);
  }
  await Promise.all(panels.map(put));
}

/** Has the browser keep a text as a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
