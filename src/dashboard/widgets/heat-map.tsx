import "./heat-map.css";
import { useQuery } from "../data/use-query.ts";
import { ActivityStepsDocument } from "../generated/graphql.ts";
import { Loaded } from "../parts/states.tsx";
import { overviewWords as words } from "../words/overview.ts";
import { useRange } from "./range.ts";

const hours = Array.from({ length: 24 }, (_, hour) => hour);

const fourWeeks = 28 * 86_400_000; // ms: whole ones, so that each weekday is counted as often

/** When rules fire: hour by weekday of the last four weeks, in the reader's time zone. */
export default function HeatMap() {
  const { to } = useRange({}).range;
  // Steps begin with the range: at the reader's whole hours, which are cells each.
  const range = { from: new Date(new Date(Date.parse(to) - fourWeeks).setMinutes(60, 0, 0)).toISOString(), to };
  const counted = useQuery(ActivityStepsDocument, { range });
  return (
    <Loaded of={counted}>
      {({ statistics: { steps } }) => {
        const cells = words.weekdays.map(() => hours.map(() => 0));
        for (const { at, detections } of steps) {
          const date = new Date(at);
          const row = cells[(date.getDay() + 6) % 7] as number[];
          row[date.getHours()] = (row[date.getHours()] ?? 0) + detections;
        }
        const most = Math.max(1, ...cells.flat());
        return (
          <table className="heat" aria-label={words.heatMapLabel}>
            <thead>
              <tr>
                <td />
                {hours.map((hour) => (
                  <th key={hour} scope="col">
                    <span className={hour % 6 === 0 ? undefined : "hidden-text"}>{hour}</span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {cells.map((row, day) => (
                <tr key={words.weekdays[day]}>
                  <th scope="row">{words.weekdays[day]}</th>
                  {row.map((count, hour) => (
                    <td
                      key={hour}
                      title={words.hourCell(words.weekdays[day] ?? "", hour, count)}
                      style={{ background: `rgb(var(--heat) / ${count === 0 ? 4 : 15 + (count / most) * 85}%)` }}
                    >
                      <span className="hidden-text">{count}</span>
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        );
      }}
    </Loaded>
  );
}
