/** What kind of deed an event is, as far as habits are concerned. */
import type { SecurityEvent } from "../../ingest/event.ts";
import { ofEvent } from "./of-event.ts";

const logIns = /(?:log|logged|sign|(?<!as)signed)[-_. ]?[io]n|authenticat|sessions?[-_. #]?(?:start|open|create)|sso/i;
/** What goes by a log-in's name or near it, and is none. */
const others =
  /log[-_. ]?in[-_. ]?(?:partial|timeout|challenge|attempt|failed)|log[-_. ]?(?:out|off)|sign[-_. ]?o(?:ut|ff)|refresh|expire|renew|revoke|session[-_. ]?(?:end|clos)|(?:^|[-_. :/])(?:end(?:ed)?|closed?|polic(?:y|ies)|settings?)(?=$|[-_. :/])/i;

export function isSuccess(event: SecurityEvent): boolean {
  return event.outcome === "SUCCESS";
}

/** A successful log-in of an account. */
export const isLogIn = ofEvent((event): boolean => {
  if (event.category !== "AUTHENTICATION" || !isSuccess(event)) return false;
  return logIns.test(event.action) && !others.test(event.action);
});

const noLogIn =
  /mfa|2fa|otp|factor|reset|log[-_. ]?out|sign[-_. ]?out|token|session(?!s?[-_. #]?(?:start|create))|password[-_. ]change|challenge|locked|key(?!cloak)/i;

/** A log-in that was refused, as the built-in rule `failed_login` has it. */
export const isFailedLogIn = ofEvent(
  (event): boolean => event.category === "AUTHENTICATION" && event.outcome === "FAILURE" && !noLogIn.test(event.action),
);

const byItself =
  /refresh|renew|expire|time[-_. ]?out|log[-_. ]?(?:out|off)|sign[-_. ]?o(?:ut|ff)|heart[-_. ]?beat|keep[-_. ]?alive|poll/i;
const deliberate: ReadonlySet<string> = new Set(["AUTHENTICATION", "AUTHORIZATION", "ACCESS", "DATA", "CONFIGURATION"]);

/** Something a person does, not what an open page or a timer does for them. */
export const isDeliberate = ofEvent(
  (event): boolean => isSuccess(event) && deliberate.has(event.category) && !byItself.test(event.action),
);

const asking =
  /forgot|(?:reset|recover).*(?:request|start|initiat|begin|sent)|(?:request|start|initiat|begin|send).*(?:reset|recover)/i;

/** Asking for a new password: anybody may, in any name, and applications call it a success. */
export const isResetAsked = ofEvent((event): boolean => asking.test(event.action));

const endings = /expire|time[-_. ]?out|log[-_. ]?(?:out|off)|sign[-_. ]?o(?:ut|ff)/i;

/** That an account is in use, if only by an open page or a telephone; not what may end by itself, long after. */
export const isUse = ofEvent(
  (event): boolean => isSuccess(event) && !endings.test(event.action) && !isResetAsked(event),
);

/** How a finding calls the event: `log-in`, or its action. */
export function deedWords(event: SecurityEvent): string {
  return isLogIn(event) ? "log-in" : event.action.slice(0, 60);
}

/** The key of the event's user in profiles. */
export function userOf(event: SecurityEvent): string | undefined {
  const { actor } = event;
  return actor?.name ?? actor?.email ?? actor?.id;
}

const taking =
  /(?:^|[^a-z])(?:export|download|dump|backup|back_up|archive|copy|clone|transfer|share|shared|send_all|bulk|print|delete|destroy|remove|purge|erase|wipe|drop|truncate|merge|restore|void|refund|shred)/i;

/** Whether it takes data away or destroys it, as far as its name tells. */
export function takesOrDestroys({ action }: SecurityEvent): boolean {
  return taking.test(action);
}

const credential =
  /(?:^|[^a-z])(?:mfa|2fa|two[-_. ]?factor|second[-_. ]?factor|totp|otp|authenticator|webauthn|passkey|security[-_. ]?key|recovery|backup[-_. ]?codes?|e?[-_]?mail|phone|api[-_. ]?keys?|access[-_. ]?keys?|tokens?)(?:$|[^a-z])/i;
const change =
  /(?:^|[^a-z])(?:chang|updat|add|creat|generat|issu|enrol|register|disabl|deactivat|remov|delet|reset|switch|turned)/i;

/** Whether it changes how the account is got into: second factors, addresses that its mail goes to, keys. Not the password. */
export function changesAccess(event: SecurityEvent): boolean {
  return isSuccess(event) && credential.test(event.action) && change.test(event.action);
}
