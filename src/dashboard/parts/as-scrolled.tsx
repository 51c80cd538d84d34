import { type ReactNode, useEffect, useRef, useState } from "react";

const ahead = "100px"; // how far below the window lines are drawn already

interface AsScrolledProps<Item> {
  items: readonly Item[];
  /** So many are drawn at first, and so many more each time their end comes near. */
  step: number;
  children: (items: readonly Item[]) => ReactNode;
}

/**
 * Draws the first of many lines, and more as one scrolls towards their end; the first alone once one is back at the top. For
 * lists that change several times a second, where each line that nobody sees costs as much as one that somebody does.
 */
export function AsScrolled<Item>({ items, step, children }: AsScrolledProps<Item>) {
  const [drawn, setDrawn] = useState(step);
  const top = useRef<HTMLDivElement>(null);
  const end = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setDrawn(step));
    if (top.current) observer.observe(top.current);
    return () => observer.disconnect();
  }, [step]);

  const hasMore = drawn < items.length;
  useEffect(() => {
    if (!hasMore || !end.current) return;
    const more = (): void => setDrawn(drawn + step);
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && more(), { rootMargin: ahead });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [drawn, hasMore, step]); // one that stays near is told of once, so that each draw asks anew

  return (
    <>
      <div ref={top} />
      {children(hasMore ? items.slice(0, drawn) : items)}
      <div ref={end} />
    </>
  );
}
