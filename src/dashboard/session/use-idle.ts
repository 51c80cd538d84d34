import { useEffect, useRef, useState } from "react";

const signs = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;
const warning = 60_000; // ms before the end from which on people are asked
const tellEvery = 65_000; // ms; the server keeps the last use of a session by the minute

/**
 * Counts down while nobody touches the page: ms left once it is time to ask, else undefined. `onIdle` at its end. `onUse` is
 * called after somebody has touched it, about once a minute: who reads or writes for long asks the server for nothing, and
 * would be signed out by it.
 */
export function useIdle(
  minutes: number,
  { onIdle, onUse }: { onIdle: () => void; onUse: () => void },
): { left: number | undefined; stay: () => void } {
  const last = useRef(Date.now());
  const told = useRef(Date.now());
  const [left, setLeft] = useState<number>();
  const calls = useRef({ onIdle, onUse });
  calls.current = { onIdle, onUse };

  useEffect(() => {
    const sign = (): void => {
      if (last.current + minutes * 60_000 - Date.now() > warning) last.current = Date.now(); // once asked, only an answer counts
    };
    for (const name of signs) addEventListener(name, sign, { passive: true });
    const timer = setInterval(() => {
      const rest = last.current + minutes * 60_000 - Date.now();
      if (rest <= 0) calls.current.onIdle();
      else if (last.current > told.current && Date.now() - told.current >= tellEvery) {
        told.current = Date.now();
        calls.current.onUse();
      }
      setLeft(rest <= warning ? Math.max(0, rest) : undefined);
    }, 1_000);
    return () => {
      clearInterval(timer);
      for (const name of signs) removeEventListener(name, sign);
    };
  }, [minutes]);

  const stay = (): void => {
    last.current = Date.now();
    setLeft(undefined);
  };
  return { left, stay };
}
