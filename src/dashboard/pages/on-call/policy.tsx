import type { ReactNode } from "react";
import type { PolicyRowFragment } from "../../generated/graphql.ts";
import { durationText } from "../../parts/duration.ts";
import { Notice } from "../../parts/panel.tsx";
import { onCallWords as words } from "../../words/on-call.ts";
import { userWords } from "../../words/users.ts";

function tellText({ role, user, schedule, channel, via }: PolicyRowFragment["steps"][number]["tell"][number]): string {
  const who = schedule
    ? words.tellSchedule(schedule.name)
    : (user?.name ?? (role ? words.tellRole(userWords.roles[role]) : (channel?.name ?? "")));
  return via ? words.tellVia(who, via.name) : who;
}

/** A policy step by step; `tools` are its buttons. */
export function PolicyView({ policy, tools }: { policy: PolicyRowFragment; tools: ReactNode }) {
  const { name, steps, repeats, acknowledgeTimeoutSeconds: timeout, fallbackChannel, warnings } = policy;
  return (
    <div className="card-body policy">
      <div className="row">
        <h3>{name}</h3>
        <span className="push">{tools}</span>
      </div>
      <ol>
        {steps.map(({ delaySeconds, tell }, index) => (
          // steps have no id of their own, and their order is theirs
          <li key={index}>
            <span className="muted">{words.after(durationText(delaySeconds))}</span> {tell.map(tellText).join(", ")}
          </li>
        ))}
      </ol>
      {repeats > 0 && <p className="muted small">{words.repeats(repeats)}</p>}
      {fallbackChannel && <p className="muted small">{words.fallback(fallbackChannel.name)}</p>}
      {timeout != null && <p className="muted small">{words.holds(durationText(timeout))}</p>}
      {warnings.map((warning) => (
        <Notice key={warning} tone="warn" icon="incident" title={warning} />
      ))}
    </div>
  );
}
