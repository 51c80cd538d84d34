import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { takesOrDestroys } from "../deeds.ts";
import { actions, doneByOthers, isDeed, organizationActions, roleActions } from "../facets/actions.ts";
import { activity, hasLearned } from "../facets/activity.ts";
import { actionKey, isListed } from "../facets/volumes.ts";
import { weightOf } from "../habit.ts";
import { learningOf } from "../parameters.ts";
import { privilegeOf } from "../privilege.ts";

const parameters = {
  ...learningOf(28, 10),
  peerPercent: {
    description: "What so many percent of the others of the role do, or more, is not rare, nor what seven of them do.",
    default: 5,
    min: 0.1,
    max: 100,
  },
  minPeers: {
    description: "With fewer others of the role in 30 days, those of the whole organization count.",
    default: 4,
    min: 1,
    max: 50,
  },
  organizationPercent: {
    description:
      "What so many percent of the organization do, or more, or seven people, is rare only where it takes data away or destroys it.",
    default: 10,
    min: 0,
    max: 100,
  },
  ignoredActions: { description: "Actions that are not rare, whoever does them.", default: [] as readonly string[] },
} as const;

export const rareAction: BehaviourDetector<typeof parameters> = {
  name: "rare_action",
  title: "Rare action",
  description:
    "A user does something for the first time that hardly anyone of the role does. What nobody in the organization ever did is found only where it takes data away or destroys it (export, download, delete and the like): else every new button would be. A forgotten password, a new second factor and the like are rare for everyone: they open no incident by themselves, but add to the threat score, and tell beside another sign of the user within a day. Not found: privileged actions (see first_privilege), what an open page or a timer does, programs, patients in the portal.",
  severity: "LOW",
  tags: [
    "attack.collection",
    "attack.exfiltration",
    "attack.impact",
    "attack.initial-access",
    "attack.t1078",
    "attack.t1213",
  ],
  falsepositives: ["A user who was given new work", "What is done once a year"],
  learning:
    "28 days with activity on 10 of them, of each user, so that the end of a month is among them. Until then nothing is found, and all that is done counts as the user's work. A role with fewer than five members in 30 days is compared with the whole organization; an organization with fewer has nobody to compare with, and nothing is found.",
  parameters,
  facets: [actions, activity, roleActions, organizationActions],
  concerns: (event) => isDeed(event) && privilegeOf(event) === undefined,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const own = seen.facet(actions);
  const action = actionKey(event);
  if (!own || weightOf(own, action, event.time) > 0 || own.seen.some(([each]) => each === action)) return undefined;
  const known = seen.facet(activity);
  if (!hasLearned(known, event.time, asked.learningDays, asked.learningActiveDays)) return undefined;
  if (isListed(event, asked.ignoredActions)) return undefined;
  const inRole = doneByOthers(seen.facet(roleActions), event, seen);
  const inAll = doneByOthers(seen.facet(organizationActions), event, seen);
  const byRole = inRole.others >= asked.minPeers;
  const peers = byRole ? inRole : inAll;
  if (peers.others < asked.minPeers || peers.share >= asked.peerPercent) return undefined;
  const weighty = takesOrDestroys(event);
  if (!weighty && (inAll.doing === 0 || inAll.share >= asked.organizationPercent)) return undefined;
  const count = peers.doing === 0 ? "none" : `${peers.doing}`;
  const group = byRole ? "others of the role" : "others of the organization";
  return {
    weak: event.category === "AUTHENTICATION" && !weighty,
    reason: `${event.action.slice(0, 60)}: never before by this user, who was active on ${known?.days} days, and by ${count} of the ${peers.others} ${group}`,
  };
}
