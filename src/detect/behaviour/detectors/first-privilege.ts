import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { activity, hasLearned } from "../facets/activity.ts";
import { others, rolePrivileges } from "../facets/peers.ts";
import { privileges } from "../facets/privileges.ts";
import { isKnown, isNews } from "../habit.ts";
import { learningOf, peersParameter } from "../parameters.ts";
import { privilegeOf } from "../privilege.ts";
import { hasRole } from "../program.ts";

const parameters = {
  ...learningOf(14, 5),
  ...peersParameter("A privileged action"),
  exceptRoles: {
    description: "Roles whose work it is, whatever they do first.",
    default: ["admin", "administrator", "owner", "superadmin", "root"] as readonly string[],
  },
  ignoredActions: {
    description: "Actions that are no privilege here; a * at the end stands for anything that follows.",
    default: [] as readonly string[],
  },
} as const;

export const firstPrivilege: BehaviourDetector<typeof parameters> = {
  name: "first_privilege",
  title: "First use of a privilege",
  description:
    "A user who never did so takes a privileged action: one that changes what others may do (category authorization) or how the application works (category configuration), or one that is called admin.… . Not found: further actions of users who do such things anyway, what others of the role do, administrators, looking at settings, one's own preferences.",
  severity: "MEDIUM",
  tags: ["attack.privilege-escalation", "attack.persistence", "attack.t1078", "attack.t1098"],
  falsepositives: ["A user who was given new work", "Administrators whose events do not tell their role"],
  learning:
    "14 days with activity on 5 of them, of each user. Until then nothing is found, and every privileged action counts as the user's work; afterwards it is new until it was taken on three days, and is told of on the first of them, or when it comes back after a week.",
  parameters,
  facets: [privileges, activity, rolePrivileges],
  concerns: (event) => privilegeOf(event) !== undefined,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const privilege = privilegeOf(event);
  const state = seen.facet(privileges);
  if (privilege === undefined || !state || hasRole(event, asked.exceptRoles)) return undefined;
  const names = [event.action.toLowerCase(), privilege]; // whole, and as long as profiles keep it
  if (asked.ignoredActions.some((pattern) => names.some((name) => agrees(pattern.toLowerCase(), name))))
    return undefined;
  if (!hasLearned(seen.facet(activity), event.time, asked.learningDays, asked.learningActiveDays)) return undefined;
  if (!isNews(state, privilege, event.time) || state.seen.some(([key]) => isKnown(state, key, event.time)))
    return undefined;
  const shared = others(rolePrivileges, privilege, event, seen);
  if (asked.peers > 0 && shared >= asked.peers) return undefined;
  const days = seen.facet(activity)?.days ?? 0;
  return {
    reason: `${event.action.slice(0, 60)}: the first privileged action of a user active on ${days} days before`,
  };
}

function agrees(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
