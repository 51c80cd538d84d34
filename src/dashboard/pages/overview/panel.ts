import type { Settings } from "../../widgets/widget.ts";

/** Where a widget stands: columns of 12, and rows. */
export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A widget on a dashboard, stored or shipped. */
export interface Panel extends Place {
  id: string;
  title: string;
  /** With `widget`: its kind, a key of widgetTypes. */
  settings: Settings;
}

/** The kind of a panel's widget, a key of widgetTypes; empty: not known here. */
export function typeOf({ settings }: Pick<Panel, "settings">): string {
  const name = settings["widget"];
  return typeof name === "string" ? name : "";
}
