import { type ComponentType, type LazyExoticComponent, lazy } from "react";

/** A component whose code is asked for when it is first shown, or before by `preload`. */
// biome-ignore lint/suspicious/noExplicitAny: whatever its properties are
export type Soon<View extends ComponentType<any> = ComponentType> = LazyExoticComponent<View> & { preload(): void };

// biome-ignore lint/suspicious/noExplicitAny: whatever its properties are
export function soon<View extends ComponentType<any>>(load: () => Promise<{ default: View }>): Soon<View> {
  return Object.assign(lazy(load), { preload: () => void load().catch(() => undefined) }); // told where it is shown
}
