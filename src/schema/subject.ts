import { builder } from "./builder.ts";

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
