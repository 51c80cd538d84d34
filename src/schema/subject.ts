import type { SubjectKind } from "../detect/detection.ts";
import { builder } from "./builder.ts";
import { describedEnum } from "./enums.ts";

/** For those who open incidents themselves. */
export const SubjectKindEnum = describedEnum<SubjectKind>("SubjectKind", "What something is about.", {
  ADDRESS: "An IP address.",
  USER: "A user of a monitored application.",
  HOST: "A machine.",
  SESSION: "A session.",
  DEVICE: "A device.",
  PATIENT: "A patient.",
  SERVICE: "A service.",
  OTHER: "Anything else.",
});

export interface Subject {
  kind: string;
  key: string;
}

export const SubjectType = builder.objectRef<Subject>("Subject").implement({
  description: "Whom or what something is about.",
  fields: (t) => ({
    kind: t.exposeString("kind", { description: "What it is, e.g. `source.ip` or `actor.name`." }),
    key: t.exposeString("key", { description: "Which one." }),
  }),
});
