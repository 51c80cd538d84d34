import { builder } from "./builder.ts";
import { actorOf, auditActorOf, viewerOf } from "./context.ts";
import { Incident } from "./incident.ts";
import { incidentPayload } from "./incident-payload.ts";
import { rowKey } from "./page.ts";
import { attempt } from "./payload.ts";

const AskInput = builder.inputType("IncidentAskUserInput", {
  description: "Whom to ask.",
  fields: (t) => ({
    user: t.string({ required: true, description: "A user that the incident is about, as its subjects name them." }),
  }),
});

const AskPayload = incidentPayload("IncidentAskUserPayload");

builder.mutationField("incidentAskUser", (t) =>
  t.field({
    type: AskPayload,
    description:
      "Asks a user of the monitored application by e-mail: was this you? Yes resolves the incident as USER_CONFIRMED; no raises its severity and forces a second factor. At most three times a day each.",
    authScopes: { permission: "respond.write" },
    args: {
      id: t.arg.globalID({ required: true, for: Incident, description: "The incident." }),
      input: t.arg({ type: AskInput, required: true, description: "Whom." }),
    },
    resolve: (_parent, { id: { id }, input }, context) =>
      attempt(async () => {
        rowKey(id, context);
        const asked = { incidentId: id, user: input.user, actor: actorOf(context), auditActor: auditActorOf(context) };
        const { cursor } = await context.services.userChecks.ask(viewerOf(context).organizationId, asked);
        return { id, cursor };
      }),
  }),
);
