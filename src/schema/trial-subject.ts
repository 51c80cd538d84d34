import type { TrialSubject } from "../detect/backtest-compare.ts";
import { builder } from "./builder.ts";

export const TrialSubjectType = builder.objectRef<TrialSubject>("TrialSubject").implement({
  description: "Whom detections of a trial are about, and how many of them.",
  fields: (t) => ({
    kind: t.exposeString("kind", { description: "What it is, e.g. `USER`." }),
    key: t.string({ description: "Which one.", resolve: ({ key }) => key }),
    detections: t.exposeInt("detections", { description: "How many detections are about it." }),
  }),
});
