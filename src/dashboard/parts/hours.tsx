import "./rows-editor.css";
import type { UserError } from "../data/use-mutation.ts";
import { words } from "../words.ts";
import { CheckField, errorAt, TextField } from "./field.tsx";
import { RowsEditor } from "./rows-editor.tsx";

/** Hours of a week as a form holds them; no days: all of them; an empty time: midnight. */
export interface Hours {
  days: string[];
  from: string;
  to: string;
}

const days = Object.keys(words.weekDays) as (keyof typeof words.weekDays)[];
export const noHours: Hours = { days: [], from: "", to: "" };

/** As the API answers them. */
export function hoursOf(given: {
  days: readonly string[];
  from?: string | null | undefined;
  to?: string | null | undefined;
}): Hours {
  return { days: [...given.days], from: given.from ?? "", to: given.to ?? "" };
}

/** As the API takes them. */
export function hoursInput({ days: chosen, from, to }: Hours): { days?: string[]; from?: string; to?: string } {
  return { ...(chosen.length > 0 ? { days: chosen } : {}), ...(from ? { from } : {}), ...(to ? { to } : {}) };
}

/** In words: Mon, Tue 09:00–17:00. */
export function hoursText({ days: chosen, from, to }: Hours): string {
  const named = days.filter((day) => chosen.includes(day)).map((day) => words.weekDays[day]);
  return words.hours.text(named.join(", "), from, to);
}

interface HoursFieldsProps {
  hours: Hours;
  onChange: (part: Partial<Hours>) => void;
  errors: readonly UserError[];
  /** Where they are in the mutation's arguments. */
  path: readonly string[];
}

/** Days, and from when until when. */
export function HoursFields({ hours, onChange, errors, path }: HoursFieldsProps) {
  function choose(day: string): void {
    const next = new Set(hours.days);
    if (!next.delete(day)) next.add(day);
    onChange({ days: days.filter((one) => next.has(one)) });
  }
  const at = (name: string) => errorAt(errors, ...path, name);
  return (
    <>
      <fieldset className="week-days" aria-label={words.hours.days}>
        {days.map((day) => (
          <CheckField
            key={day}
            label={words.weekDays[day]}
            checked={hours.days.includes(day)}
            onChange={() => choose(day)}
          />
        ))}
      </fieldset>
      <div className="form-pair">
        <TextField
          label={words.hours.from}
          type="time"
          value={hours.from}
          onChange={(from) => onChange({ from })}
          error={at("from")}
        />
        <TextField
          label={words.hours.to}
          hint={words.hours.toHint}
          type="time"
          value={hours.to}
          onChange={(to) => onChange({ to })}
          error={at("to")}
        />
      </div>
    </>
  );
}

interface HoursListProps {
  legend: string;
  empty: string;
  hours: readonly Hours[];
  onChange: (hours: Hours[]) => void;
  errors: readonly UserError[];
  path: readonly string[];
}

/** Any number of hours of the week. */
export function HoursList({ legend, empty, hours, onChange, errors, path }: HoursListProps) {
  return (
    <RowsEditor
      legend={legend}
      empty={empty}
      noun={words.hours.noun}
      rows={hours}
      onChange={onChange}
      fresh={() => noHours}
      error={errorAt(errors, ...path)}
    >
      {(one, set, index) => <HoursFields hours={one} onChange={set} errors={errors} path={[...path, String(index)]} />}
    </RowsEditor>
  );
}
