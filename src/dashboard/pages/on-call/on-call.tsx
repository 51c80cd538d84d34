import "../channels/channels.css";
import { useState } from "react";
import { useQuery } from "../../data/use-query.ts";
import { OnCallListDocument, type OnCallListQuery } from "../../generated/graphql.ts";
import { durationText } from "../../parts/duration.ts";
import { Notice, Panel } from "../../parts/panel.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { onCallWords as words } from "../../words/on-call.ts";
import { userWords } from "../../words/users.ts";
import { OverrideForm } from "./override-form.tsx";
import { Schedule } from "./schedule.tsx";

type Policy = OnCallListQuery["escalationPolicies"][number];

/** Who is on call now and next, and who is called when nobody answers. */
export default function OnCall() {
  const state = useQuery(OnCallListDocument, {});
  const [takes, setTakes] = useState<{ id: string; name: string }>();
  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
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
                onChanged={state.reload}
                onTake={() => setTakes(schedule)}
              />
            ))}
            <Panel title={words.policies} lead={words.policiesLead}>
              {escalationPolicies.length === 0 ? (
                <Empty text={words.noPolicies} icon="alert" />
              ) : (
                escalationPolicies.map((policy) => <PolicyView key={policy.id} policy={policy} />)
              )}
            </Panel>
          </>
        )}
      </Loaded>
      {takes && <OverrideForm schedule={takes} onClose={() => setTakes(undefined)} onDone={state.reload} />}
    </>
  );
}

function tellText({ role, user, schedule, channel }: Policy["steps"][number]["tell"][number]): string {
  if (schedule) return words.tellSchedule(schedule.name);
  if (user) return user.name;
  if (role) return words.tellRole(userWords.roles[role]);
  return channel?.name ?? "";
}

/** A policy step by step. */
function PolicyView({ policy }: { policy: Policy }) {
  return (
    <div className="card-body policy">
      <h3>{policy.name}</h3>
      <ol>
        {policy.steps.map(({ delaySeconds, tell }, index) => (
          // steps have no id of their own, and their order is theirs
          <li key={index}>
            <span className="muted">{words.after(durationText(delaySeconds))}</span> {tell.map(tellText).join(", ")}
          </li>
        ))}
      </ol>
      {policy.repeats > 0 && <p className="muted small">{words.repeats(policy.repeats)}</p>}
      {policy.warnings.map((warning) => (
        <Notice key={warning} tone="warn" icon="incident" title={warning} />
      ))}
    </div>
  );
}
