import "../channels/channels.css";
import { useState } from "react";
import { useQuery } from "../../data/use-query.ts";
import {
  OnCallListDocument,
  PolicyRemoveDocument,
  type PolicyRemoveMutation,
  type PolicyRowFragment,
  ScheduleRemoveDocument,
  type ScheduleRemoveMutation,
  type ScheduleRowFragment,
} from "../../generated/graphql.ts";
import { Panel } from "../../parts/panel.tsx";
import { useRowChanges } from "../../parts/row-changes.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { useMay } from "../../session/viewer.ts";
import { policyWords, onCallWords as words } from "../../words/on-call.ts";
import { CalendarDialog } from "./calendar-dialog.tsx";
import { OverrideForm } from "./override-form.tsx";
import { PolicyView } from "./policy.tsx";
import { PolicyForm } from "./policy-form.tsx";
import { Schedule } from "./schedule.tsx";
import { ScheduleForm } from "./schedule-form.tsx";

/** Who is on call now and next, and who is called when nobody answers. */
export default function OnCall() {
  const state = useQuery(OnCallListDocument, {});
  const permission = useMay("user.read") ? "alertSettings.write" : "user.read"; // its forms choose people
  const schedules = useRowChanges<ScheduleRowFragment, ScheduleRemoveMutation>({
    words,
    permission,
    document: ScheduleRemoveDocument,
    reload: state.reload,
  });
  const policies = useRowChanges<PolicyRowFragment, PolicyRemoveMutation>({
    words: policyWords,
    permission,
    document: PolicyRemoveDocument,
    reload: state.reload,
  });
  const [asks, setAsks] = useState<{ what: "stand-in" | "calendar"; of: ScheduleRowFragment }>();
  const close = () => setAsks(undefined);
  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
        {schedules.tools}
      </div>
      <Loaded of={state}>
        {({ onCallSchedules, escalationPolicies }) => (
          <>
            {onCallSchedules.length === 0 && (
              <Panel title={words.schedules}>
                <Empty text={words.empty} icon="clock" />
              </Panel>
            )}
            {onCallSchedules.map((schedule) => (
              <Schedule
                key={schedule.id}
                schedule={schedule}
                tools={schedules.column[0]?.cell(schedule)}
                onChanged={state.reload}
                onTake={() => setAsks({ what: "stand-in", of: schedule })}
                onCalendar={() => setAsks({ what: "calendar", of: schedule })}
              />
            ))}
            <Panel title={words.policies} lead={words.policiesLead} tools={policies.tools}>
              {escalationPolicies.length === 0 ? (
                <Empty text={words.noPolicies} icon="alert" />
              ) : (
                escalationPolicies.map((policy) => (
                  <PolicyView key={policy.id} policy={policy} tools={policies.column[0]?.cell(policy)} />
                ))
              )}
            </Panel>
          </>
        )}
      </Loaded>
      {asks?.what === "stand-in" && <OverrideForm schedule={asks.of} onClose={close} onDone={state.reload} />}
      {asks?.what === "calendar" && <CalendarDialog schedule={asks.of} onClose={close} onDone={state.reload} />}
      {schedules.edits && (
        <ScheduleForm
          schedule={schedules.edits === "new" ? undefined : schedules.edits}
          onClose={schedules.close}
          onDone={state.reload}
        />
      )}
      {policies.edits && state.data && (
        <PolicyForm
          policy={policies.edits === "new" ? undefined : policies.edits}
          given={state.data}
          onClose={policies.close}
          onDone={state.reload}
        />
      )}
      {schedules.removal}
      {policies.removal}
    </>
  );
}
