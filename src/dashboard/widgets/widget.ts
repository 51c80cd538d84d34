import type { ComponentType } from "react";
import type { Soon } from "../data/soon.ts";
import type { WidgetKind } from "../generated/graphql.ts";

/** What a widget was set to; what is missing or wrong falls back to the first choice. */
export type Settings = Record<string, unknown>;

/** One setting of a widget: one of some values, or a text. */
export interface Setting {
  key: string;
  label: string;
  options?: Record<string, string>;
}

/** A kind of widget: what it is called, how the API files it, how large it begins, and what draws it. */
export interface WidgetType {
  title: string;
  kind: WidgetKind;
  width: number;
  height: number;
  settings: readonly Setting[];
  view: Soon<ComponentType<{ settings: Settings }>>;
}

/** The setting's value if it is one of these, else the first of them. */
export function choiceOf<Value extends string>(settings: Settings, key: string, values: readonly Value[]): Value {
  return values.find((value) => value === settings[key]) ?? (values[0] as Value);
}
