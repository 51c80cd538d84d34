/** Every kind of notification: what it tells. People say for each how they want to be told. */
export const notificationKinds = {
  "incident.assigned": "An incident, or a task of one, was given to you.",
  "incident.mentioned": "A comment names you: @ and your e-mail address, or what stands before its @.",
  "incident.escalated": "An incident waits for you: an escalation has come to you.",
  "incident.response": "A response rule asks administrators to look.",
  "incident.break-glass": "Somebody approved their own action in an emergency.",
  "response.approval": "An action waits for a second person, and you may be that.",
  "response.applied": "An action that you asked for was done.",
  "response.failed": "An action that you asked for was refused, or nobody approved it.",
  "response.breaker": "Automatic response has stopped.",
  "channel.stopped": "A channel of alerts was stopped.",
  "vigil.health": "Something is wrong with Vigil itself.",
  "digest.weekly": "The week behind you, on Mondays.",
} as const satisfies Record<string, string>;

export type NotificationKind = keyof typeof notificationKinds;

export function isNotificationKind(text: string): text is NotificationKind {
  return Object.hasOwn(notificationKinds, text);
}
