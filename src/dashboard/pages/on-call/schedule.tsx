import type { ReactNode } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { OverrideEndDocument, type ScheduleRowFragment } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { hoursOf, hoursText } from "../../parts/hours.tsx";
import { Notice, Panel } from "../../parts/panel.tsx";
import { Time } from "../../parts/time.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { onCallWords as words } from "../../words/on-call.ts";
import { Now } from "./now.tsx";

interface ScheduleProps {
  schedule: ScheduleRowFragment;
  /** The buttons that change it. */
  tools: ReactNode;
  onChanged: () => void;
  onTake: () => void;
  onCalendar: () => void;
}

/** One schedule: who is on call now, who is next, who stands in for whom. */
export function Schedule({ schedule, tools, onChanged, onTake, onCalendar }: ScheduleProps) {
  const end = useMutation(OverrideEndDocument);
  const mayWrite = useMay("alertSettings.write") && useMay("user.read");

  async function remove(id: string): Promise<void> {
    if (!(await end.run({ id }))) return;
    toast(words.overrideGone);
    onChanged();
  }

  return (
    <Panel
      title={schedule.name}
      tools={
        <>
          <span className="muted small">{schedule.timeZone.replaceAll("_", " ")}</span>
          {mayWrite && (
            <span className="push row">
              <Button onClick={onTake}>{words.override}</Button>
              <Button kind="quiet" onClick={onCalendar}>
                {words.calendar.open}
              </Button>
              {tools}
            </span>
          )}
        </>
      }
    >
      <div className="card-body stack">
        {schedule.warnings.map((warning) => (
          <Notice key={warning} tone="warn" icon="incident" title={warning} />
        ))}
        <Now key={[schedule.revision, ...schedule.overrides.map(({ id }) => id)].join(" ")} scheduleId={schedule.id} />
        {schedule.overrides.length > 0 && (
          <section>
            <h3>{words.overrides}</h3>
            <ul className="places">
              {schedule.overrides.map(({ id, user, startsAt, endsAt }) => (
                <li key={id} className="row">
                  <span className="small wrap">{user.name}</span>
                  <span className="muted small">
                    <Time at={startsAt} as="clock" /> – <Time at={endsAt} as="clock" />
                  </span>
                  {mayWrite && (
                    <span className="push">
                      <Button
                        small
                        kind="quiet"
                        icon="trash"
                        busy={end.busy}
                        label={words.removeOverride(user.name)}
                        onClick={() => void remove(id)}
                      />
                    </span>
                  )}
                </li>
              ))}
            </ul>
          </section>
        )}
        <FormErrors errors={end.errors} />
        <section>
          <h3>{words.layers}</h3>
          <ul className="places">
            {schedule.layers.map(({ name, users, turnDays, handOver, hours }) => (
              <li key={name} className="two-lines small">
                <span>{name}</span>
                <span className="muted wrap">
                  {words.turns(users.map((user) => user.name).join(", "), turnDays, handOver)}
                  {hours.length > 0 && ` (${hours.map((one) => hoursText(hoursOf(one))).join("; ")})`}
                </span>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Panel>
  );
}
