import { builder } from "./builder.ts";

/** A user as colleagues see them: whoever may read incidents may know who works on them, and no more. */
export const Person = builder.prismaObject("User", {
  variant: "Person",
  description: "Somebody of the organization, as colleagues see them.",
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    email: t.exposeString("email", { description: "Their e-mail address." }),
    name: t.exposeString("name", { description: "Their name." }),
  }),
});
