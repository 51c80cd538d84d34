/** Figures that are kept: a line of bench/results/NAME.jsonl each time, and the latest of all in bench/README.md. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Figure } from "./run.ts";

export interface Result {
  /** When, on which machine, with which versions, and how busy the machine was before. */
  at: string;
  machine: string;
  load: number;
  /** Of what was made up; results from before 30 November 2026 have none. */
  seed?: number;
  figures: Figure[];
}

const directory = new URL("results/", import.meta.url);
const page = new URL("README.md", import.meta.url);
const [begin, end] = ["<!-- figures: written by `npm run bench -- --save` -->", "<!-- end of the figures -->"];

export function saveResult(name: string, result: Result, meanings: Readonly<Record<string, string>>): void {
  mkdirSync(directory, { recursive: true });
  appendFileSync(new URL(`${name}.jsonl`, directory), `${JSON.stringify(result)}\n`);
  const text = readFileSync(page, "utf8");
  const [head, tail] = [text.slice(0, text.indexOf(begin)), text.slice(text.indexOf(end))];
  const parts = Object.entries(meanings).flatMap(([bench, meaning]) => {
    const latest = latestOf(bench);
    return latest ? [partOf(bench, meaning, latest)] : [];
  });
  writeFileSync(page, `${head}${begin}\n\n${parts.join("\n")}\n${tail}`);
}

function latestOf(name: string): Result | undefined {
  const file = new URL(`${name}.jsonl`, directory);
  if (!existsSync(file)) return undefined;
  const line = readFileSync(file, "utf8").trimEnd().split("\n").at(-1);
  return line ? (JSON.parse(line) as Result) : undefined;
}

/** Of one bench, in Markdown. */
export function partOf(name: string, meaning: string, { at, machine, load, seed, figures }: Result): string {
  const rows = figures.map(({ subject, baseline, unit, subjectValue, baselineValue, ratio, range, runs }) => {
    const span = range ? ` (${range.map((each) => each.toFixed(2)).join("–")})` : "";
    const values = [`${shown(subjectValue)} ${unit}`, `${shown(baselineValue)} ${unit}`];
    return `| ${subject} | ${values[0]} | ${baseline} | ${values[1]} | ${ratio.toFixed(3)}${span} | ${runs} |`;
  });
  return `### ${name}

${meaning}

| What | | Beside | | Ratio (lowest–highest) | Runs |
|---|---:|---|---:|---:|---:|
${rows.join("\n")}

${at.slice(0, 10)}, ${seed === undefined ? "" : `seed ${seed}, `}load ${load.toFixed(1)} before; ${machine}.
`;
}

export const shown = (value: number): string => value.toFixed(Math.abs(value) < 10 ? 2 : 1);
