/**
 * React's own, but no text is drawn with marks that nobody sees. Vite takes it for every page (`vite.config.ts`): so no page
 * has to think of it. What a field holds to be changed stays as it is.
 */
import type { ElementType, Key } from "react";
import * as react from "react/jsx-runtime";
import { visible } from "./visible.ts";

export { Fragment } from "react/jsx-runtime";

type Props = Readonly<Record<string, unknown>>;

const drawn = (child: unknown): unknown =>
  typeof child === "string" ? visible(child) : Array.isArray(child) ? child.map(drawn) : child;

/** Of components, too: those of libraries make their elements by themselves. */
function shown(props: Props): Props {
  const next: Record<string, unknown> = { ...props };
  for (const name of ["children", "title", "aria-label"]) if (name in props) next[name] = drawn(props[name]);
  return next;
}

export const jsx = (type: ElementType, props: Props, key?: Key) => react.jsx(type, shown(props), key);
export const jsxs = (type: ElementType, props: Props, key?: Key) => react.jsxs(type, shown(props), key);
