/** The run as tables, for people. */
import type { Clarity } from "../clinic/event.ts";
import { type Caught, type Judged, median, meets, type Recall, recallOf, recallOfRule } from "./judge.ts";
import { behaviourName, meantFor } from "./meant-for.ts";

const minute = 60_000;

export function tablesOf(judged: Judged): string {
  const parts = [
    "Attacks, by kind",
    table(["kind", "clarity", "caught", "median time", "caught by"], kinds(judged.attacks)),
    "Behaviour detectors, on the attacks that each is there for",
    table(["detector", "clear", "subtle", "false incidents", "per user-month", "only scored"], detectors(judged)),
    "Rules that opened incidents",
    table(
      ["rule", "clear attacks", "subtle attacks", "median time", "false incidents", "per user-month"],
      rules(judged),
    ),
    "Targets",
    table(["", "is", "should be", ""], goals(judged)),
  ];
  return parts.join("\n\n");
}

/** One line a false incident, as material for whoever tunes a rule; no rule fills the list alone. */
export function falseLines(judged: Judged, most: number): string {
  const perRule = Math.max(1, Math.ceil(most / 5));
  const shown = new Map<string, number>();
  const listed = judged.falseIncidents.filter(({ rules: [rule = ""] }) => {
    shown.set(rule, (shown.get(rule) ?? 0) + 1);
    return (shown.get(rule) as number) <= perRule;
  });
  const lines = listed.slice(0, most).map(({ seed, rules: by, subjects, at, learning, explanation }) => {
    const when = new Date(at).toISOString().slice(0, 16);
    return `  seed ${seed} ${when}${learning ? " (learning)" : ""} ${by.join(", ")} [${subjects.join(", ")}]: ${explanation}`;
  });
  const left = judged.falseIncidents.length - lines.length;
  return [...lines, ...(left > 0 ? [`  and ${left} more`] : [])].join("\n");
}

function kinds(attacks: readonly Caught[]): string[][] {
  const names = [...new Set(attacks.map(({ label }) => `${label.clarity} ${label.kind}`))].sort();
  return names.map((name) => {
    const [clarity, kind] = name.split(" ") as [Clarity, string];
    const own = attacks.filter(({ label }) => label.kind === kind && label.clarity === clarity);
    const by = new Map<string, number>();
    for (const rule of own.flatMap((one) => one.rules)) by.set(rule, (by.get(rule) ?? 0) + 1);
    const listed = [...by].sort((one, other) => other[1] - one[1]).map(([rule]) => rule);
    return [kind, clarity, share(recallOf(own, clarity)), timeOf(own), listed.slice(0, 5).join(", ") || "nothing"];
  });
}

function detectors(judged: Judged): string[][] {
  return Object.entries(meantFor).map(([name, kinds]) => {
    const rule = behaviourName(name);
    const wrong = judged.falseIncidents.filter((one) => one.rules.includes(rule)).length;
    const recall = (clarity: Clarity): string => share(recallOfRule(judged.attacks, rule, kinds, clarity));
    return [
      name,
      recall("CLEAR"),
      recall("SUBTLE"),
      String(wrong),
      (wrong / judged.userMonths).toFixed(3),
      String(judged.onlyScored[rule] ?? 0),
    ];
  });
}

function rules(judged: Judged): string[][] {
  const names = new Set([
    ...judged.attacks.flatMap((one) => one.rules),
    ...judged.falseIncidents.flatMap((one) => one.rules),
  ]);
  const rows = [...names].map((name) => {
    const caught = judged.attacks.filter((one) => one.rules.includes(name));
    const wrong = judged.falseIncidents.filter((one) => one.rules.includes(name)).length;
    const row = [
      name,
      String(caught.filter(({ label }) => label.clarity === "CLEAR").length),
      String(caught.filter(({ label }) => label.clarity === "SUBTLE").length),
      timeOf(caught),
      String(wrong),
      (wrong / judged.userMonths).toFixed(3),
    ];
    return { wrong, caught: caught.length, row };
  });
  return rows.sort((one, other) => other.wrong - one.wrong || other.caught - one.caught).map(({ row }) => row);
}

function goals(judged: Judged): string[][] {
  const subtle = recallOf(judged.attacks, "SUBTLE");
  return [
    ...meets(judged).map(({ name, value, target, met }) => [
      name,
      Number.isInteger(value) ? String(value) : value.toFixed(3),
      target,
      met ? "met" : "MISSED",
    ]),
    ["recall on subtle attacks", share(subtle), "", ""],
    ["median time to detect", timeOf(judged.attacks), "", ""],
    ["true incidents", String(judged.trueIncidents), "", ""],
  ];
}

const share = ({ caught, of }: Recall): string => `${caught}/${of}`;

function timeOf(attacks: readonly Caught[]): string {
  const value = median(attacks.flatMap(({ delay }) => (delay === undefined ? [] : [delay])));
  if (value === undefined) return "-";
  return value < 90 * minute ? `${(value / minute).toFixed(1)} min` : `${(value / 60 / minute).toFixed(1)} h`;
}

function table(head: string[], rows: string[][]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]): string =>
    `  ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join("  ")}`.trimEnd();
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
