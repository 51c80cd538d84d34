import { useEffect, useRef, useState } from "react";

const signs = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;
const warning = 60_000; // ms before the end from which on people are asked
const tellEvery = 65_000; // ms; the server keeps the last use of a session by the minute
const key = "vigil.used"; // when a page of this browser was last touched, in epoch ms: all its tabs share one session

/** When any tab was last touched; `own`: when this one was. */
function usedAt(own: number): number {
  const shared = Number(localStorage.getItem(key));
  return shared > own && shared <= Date.now() ? shared : own; // a clock that went ahead keeps nobody signed in
}

/**
 * Counts down while nobody touches a page of this browser: ms left once it is time to ask, else undefined. `onIdle` at its
 * end. `onUse` is called after somebody has touched this one, about once a minute: who reads or writes for long asks the
 * server for nothing, and would be signed out by it.
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
    const restNow = (): number => usedAt(last.current) + minutes * 60_000 - Date.now();
    const sign = (): void => {
      if (restNow() > warning) last.current = Date.now(); // once asked, only an answer counts
    };
    for (const name of signs) addEventListener(name, sign, { passive: true });
    let shared = 0;
    const timer = setInterval(() => {
      if (last.current !== shared && usedAt(last.current) === last.current) {
        shared = last.current;
        localStorage.setItem(key, String(shared));
      }
      const rest = restNow();
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
