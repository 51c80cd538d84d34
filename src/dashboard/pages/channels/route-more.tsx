import type { UserError } from "../../data/use-mutation.ts";
import type { AlertRouteInput, RouteRowFragment } from "../../generated/graphql.ts";
import { CheckField, errorAt, TextField } from "../../parts/field.tsx";
import { type Hours, HoursFields, hoursInput, hoursOf, noHours } from "../../parts/hours.tsx";
import { RowsEditor } from "../../parts/rows-editor.tsx";
import { ownZone, TimeZoneField } from "../../parts/time-zone.tsx";
import { routeWords as words } from "../../words/channels.ts";

/** A quiet time as the form holds it. */
interface MuteDraft extends Hours {
  name: string;
  dates: string;
  timeZone: string;
}

/** How a route groups, how long it waits, and when it is quiet; empty: as the route above it. */
export interface RouteMore {
  groupBy: readonly string[];
  wait: string;
  interval: string;
  repeat: string;
  muteTimes: MuteDraft[];
}

const text = (seconds: number | null | undefined): string => (seconds == null ? "" : String(seconds));
const number = (field: string): number | null => (field.trim() === "" ? null : Math.trunc(Number(field)));

export function moreOf(route: RouteRowFragment | undefined): RouteMore {
  return {
    groupBy: route?.groupBy ?? [],
    wait: text(route?.groupWaitSeconds),
    interval: text(route?.groupIntervalSeconds),
    repeat: text(route?.repeatIntervalSeconds),
    muteTimes: (route?.muteTimes ?? []).map(({ name, dates, timeZone, ...hours }) => ({
      ...hoursOf(hours),
      name: name ?? "",
      dates: dates.join(", "),
      timeZone,
    })),
  };
}

/** As the API takes it. */
export function moreInput({ groupBy, wait, interval, repeat, muteTimes }: RouteMore): AlertRouteInput {
  return {
    groupBy: [...groupBy],
    groupWaitSeconds: number(wait),
    groupIntervalSeconds: number(interval),
    repeatIntervalSeconds: number(repeat),
    muteTimes: muteTimes.map(({ name, dates, timeZone, ...hours }) => {
      const days = dates.split(/[\s,]+/).filter(Boolean);
      return {
        ...hoursInput(hours),
        timeZone,
        ...(name.trim() ? { name: name.trim() } : {}),
        ...(days.length > 0 ? { dates: days } : {}),
      };
    }),
  };
}

interface RouteMoreProps {
  more: RouteMore;
  onChange: (part: Partial<RouteMore>) => void;
  errors: readonly UserError[];
}

export function RouteMoreFields({ more, onChange, errors }: RouteMoreProps) {
  const at = (...path: string[]) => errorAt(errors, "input", ...path);
  function choose(group: string): void {
    const next = new Set(more.groupBy);
    if (!next.delete(group)) next.add(group);
    onChange({ groupBy: [...next] });
  }
  return (
    <>
      <fieldset className="form-set">
        <legend>{words.grouping}</legend>
        <p className="muted small">{words.groupBy}</p>
        <div className="week-days">
          {Object.entries(words.groups).map(([group, label]) => (
            <CheckField
              key={group}
              label={label}
              checked={more.groupBy.includes(group)}
              onChange={() => choose(group)}
            />
          ))}
        </div>
        <div className="form-pair">
          <TextField
            label={words.wait}
            hint={words.asAbove}
            type="number"
            value={more.wait}
            onChange={(wait) => onChange({ wait })}
            error={at("groupWaitSeconds")}
          />
          <TextField
            label={words.interval}
            hint={words.asAbove}
            type="number"
            value={more.interval}
            onChange={(interval) => onChange({ interval })}
            error={at("groupIntervalSeconds")}
          />
          <TextField
            label={words.repeat}
            hint={words.asAbove}
            type="number"
            value={more.repeat}
            onChange={(repeat) => onChange({ repeat })}
            error={at("repeatIntervalSeconds")}
          />
        </div>
      </fieldset>
      <RowsEditor
        legend={words.quiet}
        empty={words.quietNone}
        noun={words.quietNoun}
        rows={more.muteTimes}
        onChange={(muteTimes) => onChange({ muteTimes })}
        fresh={() => ({ ...noHours, name: "", dates: "", timeZone: ownZone })}
        error={at("muteTimes")}
      >
        {(time, set, index) => (
          <>
            <div className="form-pair">
              <TextField label={words.quietName} value={time.name} onChange={(name) => set({ name })} />
              <TimeZoneField
                label={words.timeZone}
                value={time.timeZone}
                onChange={(timeZone) => set({ timeZone })}
                error={at("muteTimes", String(index), "timeZone")}
              />
              <TextField
                label={words.quietDates}
                hint={words.quietDatesHint}
                value={time.dates}
                onChange={(dates) => set({ dates })}
                error={errors.find(({ path }) => path.join(".").includes(`muteTimes.${index}.dates`))?.message}
              />
            </div>
            <HoursFields hours={time} onChange={set} errors={errors} path={["input", "muteTimes", String(index)]} />
          </>
        )}
      </RowsEditor>
    </>
  );
}
