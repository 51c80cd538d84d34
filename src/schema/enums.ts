import { permissionsOf } from "../access/permissions.ts";
import type { KeyRole, PeopleRole } from "../access/viewer.ts";
import type {
  ActionStatus,
  ActionType,
  AlertKind,
  AlertPriority,
  AlertStatus,
  AttemptOutcome,
  ChannelKind,
  EntryKind,
  EventCategory,
  EventOutcome,
  IncidentResolution,
  IncidentStatus,
  PhiFields,
  RetentionClass,
  Role,
  RuleKind,
  RuleMode,
  Severity,
  UnknownFields,
} from "../generated/prisma/client.ts";
import { builder } from "./builder.ts";

/** An enum whose values must be exactly those of T, each described. */
export function describedEnum<T extends string>(name: string, description: string, values: Record<T, string>) {
  const entries = Object.entries<string>(values).map(([value, text]) => [
    value,
    { value: value as T, description: text },
  ]);
  return builder.enumType(name, {
    description,
    values: Object.fromEntries(entries) as Record<T, { value: T; description: string }>,
  });
}

export const SeverityEnum = describedEnum<Severity>("Severity", "How bad it is.", {
  INFO: "Worth knowing.",
  LOW: "Look at it some day.",
  MEDIUM: "Look at it this week.",
  HIGH: "Look at it today.",
  CRITICAL: "Look at it now.",
});

export const EventCategoryEnum = describedEnum<EventCategory>(
  "EventCategory",
  "What kind of thing an event is about.",
  {
    AUTHENTICATION: "Signing in and out.",
    AUTHORIZATION: "Rights given, taken or refused.",
    ACCESS: "A record was looked at.",
    DATA: "Data was made, changed or removed.",
    CONFIGURATION: "A setting was changed.",
    NETWORK: "A connection.",
    WEB: "A request to a web server.",
    PROCESS: "A program ran.",
    OTHER: "Anything else.",
  },
);

export const EventOutcomeEnum = describedEnum<EventOutcome>("EventOutcome", "Whether what was attempted succeeded.", {
  SUCCESS: "It succeeded.",
  FAILURE: "It failed.",
  UNKNOWN: "The sender did not say.",
});

export const RuleKindEnum = describedEnum<RuleKind>("RuleKind", "How a rule is written.", {
  DETECTION: "A Sigma detection rule: one event is enough.",
  CORRELATION: "A Sigma correlation: many events together.",
  BEHAVIOUR: "A behaviour detector with parameters.",
});

export const RuleModeEnum = describedEnum<RuleMode>("RuleMode", "What a rule may do when it fires.", {
  ACTIVE: "It opens incidents.",
  MONITOR: "It records what it would have done.",
  DISABLED: "It is not evaluated.",
});

export const IncidentStatusEnum = describedEnum<IncidentStatus>("IncidentStatus", "Where an incident is in its life.", {
  OPEN: "Nobody has looked yet.",
  ACKNOWLEDGED: "Somebody has seen it.",
  INVESTIGATING: "Somebody is at it.",
  CONTAINED: "It cannot spread any more.",
  RESOLVED: "It is over, with a reason.",
  CLOSED: "It is filed away.",
  MERGED: "It lives on in another incident.",
});

export const ResolutionEnum = describedEnum<IncidentResolution>("IncidentResolution", "Why an incident was resolved.", {
  TRUE_POSITIVE: "It was an attack.",
  FALSE_POSITIVE: "The rule was wrong.",
  BENIGN: "The rule was right, the deed harmless.",
  DUPLICATE: "Another incident has it.",
  USER_CONFIRMED: "The user says it was them.",
  POLICY_VIOLATION: "No attack, but against the rules of the house.",
  INSUFFICIENT_INFORMATION: "Nobody can tell.",
});

export const EntryKindEnum = describedEnum<EntryKind>("EntryKind", "What a timeline entry reports.", {
  OPENED: "The incident was opened.",
  DETECTED: "A rule fired again for it.",
  SEVERITY_RAISED: "It became worse.",
  COUNT_REACHED: "It has gathered a round number of events.",
  ACKNOWLEDGED: "Somebody has seen it.",
  INVESTIGATING: "Somebody started looking into it.",
  CONTAINED: "It was contained.",
  RESOLVED: "It was resolved.",
  CLOSED: "It was closed.",
  REOPENED: "It was opened again.",
  COMMENTED: "Somebody wrote a comment.",
  ASSIGNED: "It was given to somebody, or taken from them.",
  SEVERITY_CHANGED: "Somebody raised or lowered its severity.",
  MERGED: "It became part of another incident, or another became part of it.",
  UNMERGED: "A merge was undone.",
  TASK_ADDED: "There is something to be done.",
  TASK_DONE: "Something was done.",
  EVIDENCE_ADDED: "Somebody found something.",
  CLOCK_BREACHED: "It took longer than it may.",
  ACTION_PLANNED: "A response action was chosen: it waits for approval, or its rule is on trial.",
  ACTION_APPLIED: "A response action was done.",
  ACTION_REFUSED: "A response action was refused, by a person or a safety limit.",
  ACTION_REVERTED: "A response action was taken back.",
  ACTION_EXPIRED: "A response action's time is over.",
  ACTION_FAILED: "A response action could not be done.",
  USER_ASKED: "The user was asked whether it was them.",
  USER_ANSWERED: "The user said whether it was them.",
});

export const ActionTypeEnum = describedEnum<ActionType>("ActionType", "What a response does to its target.", {
  BLOCK_IP: "Refuses requests from an address.",
  SUSPEND_USER: "Refuses all requests of a user, in sessions that are open, too.",
  INCREASE_MONITORING:
    "Watches the target more closely: all of its events are sent, half of a count's threshold is enough, what is found weighs more.",
  FORCE_MFA: "Asks the user for a second factor.",
  NOTIFY_ADMIN: "Tells the administrators.",
  CALL_WEBHOOK: "Calls a system of the organization's own, and again when it is over.",
  ASK_USER: "Asks the user by e-mail whether it was them.",
});

export const ActionStatusEnum = describedEnum<ActionStatus>("ActionStatus", "Where a response action is in its life.", {
  PLANNED: "It is about to be done.",
  AWAITING_APPROVAL: "Somebody must agree first.",
  APPLIED: "It is in force.",
  REVERTED: "Somebody took it back.",
  EXPIRED: "Its time is over.",
  REFUSED: "Somebody, or a safety limit, said no.",
  FAILED: "It could not be done.",
  MONITORED: "It was not done, for its rule is on trial: this is what it would have done.",
  SUPERSEDED: "Another action about the same target took its place.",
});

export const ChannelKindEnum = describedEnum<ChannelKind>("ChannelKind", "How a channel delivers.", {
  EMAIL: "By e-mail.",
  WEBHOOK: "By a signed HTTP request.",
  SLACK: "To a Slack channel.",
  SMS: "By text message.",
});

export const AlertStatusEnum = describedEnum<AlertStatus>("AlertStatus", "Where an alert is in its delivery.", {
  QUEUED: "It waits to be sent.",
  SENDING: "A sender has it.",
  RETRYING: "It could not be handed over, and is tried again.",
  HELD: "Something holds it back: see `heldBy`.",
  SENT: "It was handed over.",
  DELIVERED: "The receiver has confirmed it.",
  FAILED: "It could not be delivered.",
});

export const AlertKindEnum = describedEnum<AlertKind>("AlertKind", "What an alert is about.", {
  OPENED: "An incident opened.",
  RAISED: "Its severity was raised.",
  REOPENED: "It is open again.",
  BREACHED: "It waited longer than it may.",
  RESOLVED: "It was resolved.",
  REPEATED: "It is still open, and was told before.",
  ESCALATED: "Nobody has acknowledged it: a step of an escalation.",
  RESPONSE: "A response asked for it.",
  TEST: "Somebody tries a channel.",
  HEARTBEAT: "Vigil's sign of life.",
  NOTIFICATION: "A notification that its user wants by e-mail, too.",
});

export const AlertPriorityEnum = describedEnum<AlertPriority>("AlertPriority", "How urgent an alert is.", {
  LOW: "Sent when nothing else waits.",
  MEDIUM: "Sent before LOW.",
  HIGH: "Sent before MEDIUM.",
  CRITICAL: "Sent before all others.",
});

export const AttemptOutcomeEnum = describedEnum<AttemptOutcome>("AttemptOutcome", "What came of a try at delivering.", {
  SENT: "The provider took it.",
  DELIVERED: "The receiver confirmed it.",
  RETRY: "It failed in a way that may pass.",
  PERMANENT: "It failed, and would fail again.",
  LOST: "The sender did not report: whether it was sent is not known, so it is sent again.",
});

export const RoleEnum = describedEnum<Role>("Role", "What a person or program may do.", {
  ADMIN: `Everything: ${permissionsOf("ADMIN").join(", ")}.`,
  RESPONDER: `Answers incidents: ${permissionsOf("RESPONDER").join(", ")}.`,
  ANALYST: `Investigates and writes rules: ${permissionsOf("ANALYST").join(", ")}.`,
  VIEWER: `Reads: ${permissionsOf("VIEWER").join(", ")}.`,
  AUDITOR: `Reads, also the audit log: ${permissionsOf("AUDITOR").join(", ")}.`,
  INGEST: `A program that sends events: ${permissionsOf("INGEST").join(", ")}.`,
  ENFORCER: `A program that carries out decisions: ${permissionsOf("ENFORCER").join(", ")}.`,
});

export const RetentionClassEnum = describedEnum<RetentionClass>(
  "RetentionClass",
  "A kind of data that is kept for a time of its own.",
  {
    EVENTS: "Events, but for those that an open incident names.",
    METRICS:
      "Metrics and performance samples; and, two years after its last event at the soonest and no sooner than EVENTS, what is known " +
      "of a user, an address or another entity that no open incident and no stored detection names. What people told of a user stays.",
    NOTIFICATIONS: "Messages to signed-in users.",
    ALERTS: "Alerts with their delivery attempts, but for those of open incidents.",
    INCIDENTS: "Incidents that are over, with their detections, timelines, actions and alerts.",
    AUDIT: "The audit log.",
  },
);

export const PeopleRoleEnum = describedEnum<PeopleRole>("PeopleRole", "What a person may do.", {
  ADMIN: "Everything.",
  RESPONDER: "Answers incidents.",
  ANALYST: "Investigates and writes rules.",
  VIEWER: "Reads.",
  AUDITOR: "Reads, also the audit log.",
});

export const KeyRoleEnum = describedEnum<KeyRole>("ApiKeyRole", "What a program may do.", {
  INGEST: "Sends events.",
  ENFORCER: "Carries out decisions.",
});

export const ViewerKindEnum = describedEnum<"USER" | "API_KEY">("ViewerKind", "What is asking.", {
  USER: "A person.",
  API_KEY: "A program.",
});

export const SecondFactorStateEnum = describedEnum<"NOT_ASKED" | "MISSING" | "GIVEN">(
  "SecondFactorState",
  "Whether a second factor was given.",
  {
    NOT_ASKED: "None is asked for.",
    MISSING: "The organization asks for one: give it with `totpVerify`.",
    GIVEN: "One was given.",
  },
);

export const DirectionEnum = builder.enumType("OrderDirection", {
  description: "Which end comes first.",
  values: {
    ASC: { value: "asc", description: "Smallest or oldest first." },
    DESC: { value: "desc", description: "Largest or newest first." },
  } as const,
});

export const UnknownFieldsEnum = describedEnum<UnknownFields>(
  "UnknownFields",
  "What becomes of attributes that are neither Vigil's own nor allowed.",
  {
    KEEP: "Stored in clear.",
    SEAL: "Stored encrypted. Texts of all events are searched for identifiers and sealed where there are any.",
    DROP: "Not stored, nor seen by rules. Texts of all events are searched and sealed as with SEAL.",
  },
);

export const PhiFieldsEnum = describedEnum<PhiFields>(
  "PhiFields",
  "Which events have their PHI fields (target, path, query, referrer, message) and unknown attributes sealed.",
  {
    KEEP: "None: for an organization without patients.",
    PATIENT: "Those that name a patient (`target.patientId`).",
    SEAL: "All.",
  },
);
