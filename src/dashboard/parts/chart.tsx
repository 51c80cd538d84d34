import "uplot/dist/uPlot.min.css";
import "./chart.css";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { onTheme } from "../shell/theme.ts";

export interface Line {
  label: string;
  values: readonly number[];
  /** A token of tokens.css, e.g. `--chart-1`. */
  color: string;
}

interface ChartProps {
  /** What it shows, for screen readers. */
  label: string;
  /** When each value is from: seconds since 1970. */
  at: readonly number[];
  lines: readonly Line[];
  /** Bars instead of lines. */
  bars?: boolean;
}

const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function optionsOf({ lines, bars }: Pick<ChartProps, "lines" | "bars">, width: number, height: number): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: token("--muted"),
    font: `11px ${token("--font")}`,
    grid: { stroke: token("--line"), width: 1 },
    ticks: { show: false },
  };
  const paths = bars ? (uPlot.paths.bars?.({ size: [0.7, 40] }) ?? null) : null;
  return {
    width,
    height,
    padding: [8, 8, 0, 0],
    cursor: { y: false, points: { size: 6 } },
    legend: { live: true },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      { ...axis, size: 40 },
      { ...axis, size: 38, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 10_000, 50_000, 100_000] },
    ],
    series: [
      {},
      ...lines.map(({ label, color }) => ({
        label,
        stroke: token(color),
        fill: `color-mix(in srgb, ${token(color)} ${bars ? 60 : 9}%, transparent)`,
        width: 1.6,
        points: { show: false },
        ...(paths ? { paths } : {}),
      })),
    ],
  };
}

/** Lines or bars over time, drawn on a canvas. */
export default function Chart({ label, at, lines, bars }: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const data = useRef<uPlot.AlignedData>([[]]);
  data.current = [at as number[], ...lines.map(({ values }) => values as number[])];
  const look = JSON.stringify([lines.map(({ label: name, color }) => [name, color]), bars]);
  const drawn = useRef({ lines, bars });
  drawn.current = { lines, bars };

  // Made anew with other lines, another theme or another size of the legend; else only given new values.
  useEffect(() => {
    const element = frame.current;
    if (!element || look === "") return undefined;
    const size = (): { width: number; height: number } => {
      const legend = element.querySelector(".u-legend")?.clientHeight ?? 26;
      return { width: element.clientWidth, height: Math.max(60, element.clientHeight - legend) };
    };
    const watch = new ResizeObserver(() => chart.current?.setSize(size()));
    watch.observe(element);
    const make = (): void => {
      chart.current?.destroy();
      const { width, height } = size();
      const { lines: wanted, bars: asBars } = drawn.current;
      const options = optionsOf({ lines: wanted, ...(asBars === undefined ? {} : { bars: asBars }) }, width, height);
      chart.current = new uPlot(options, data.current, element);
      const legend = element.querySelector(".u-legend");
      if (legend) watch.observe(legend); // it grows and shrinks with its words, and the lines have the rest
    };
    make();
    const leave = onTheme(make);
    return () => {
      watch.disconnect();
      leave();
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [look]);

  // Every render may bring new values.
  useEffect(() => chart.current?.setData(data.current));

  return <div ref={frame} className="chart" role="img" aria-label={label} />;
}
