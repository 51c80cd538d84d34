import { audit } from "../access/audit.ts";
import { changeEntity } from "../detect/risk/change.ts";
import { oneSpelling } from "../user-name.ts";
import { builder } from "./builder.ts";
import { auditActorOf, prismaOf, viewerOf } from "./context.ts";
import { Entity, EntityKindEnum } from "./entity.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const Input = builder.inputType("EntityUpdateInput", {
  description: "What to change; what is absent stays.",
  fields: (t) => ({
    criticality: t.float({
      description: "How much depends on it: 0.5, 1, 1.5 or 2. It multiplies the odds of its threat score.",
    }),
    department: t.string({ description: "Its department; null: none." }),
    roles: t.stringList({ description: "Its roles. Replaces the list." }),
  }),
});

const Payload = builder.objectRef<Outcome<string>>("EntityUpdatePayload").implement({
  description: "The entity after the change, or why nothing was changed.",
  fields: (t) => ({
    entity: t.prismaField({
      type: Entity,
      nullable: true,
      description: "As it is now; null when there are user errors.",
      resolve: (query, { value }, _args, context) =>
        value ? prismaOf(context).entity.findUnique({ ...query, where: rowKey(value, context) }) : null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was changed.",
      resolve: (it) => it.userErrors,
    }),
  }),
});

builder.mutationField("entityUpdate", (t) =>
  t.field({
    type: Payload,
    description:
      "Says how much depends on a user, an address or the like, and what is known of its place in the house.",
    authScopes: { permission: "entity.write" },
    args: {
      kind: t.arg({ type: EntityKindEnum, required: true, description: "What it is." }),
      key: t.arg.string({ required: true, description: "Which one." }),
      input: t.arg({ type: Input, required: true, description: "What to change." }),
    },
    resolve: (_parent, { kind, key: asked, input }, context) =>
      attempt(async () => {
        const { change, now, raiseBy } = context.services;
        const key = kind === "USER" ? oneSpelling(asked) : asked;
        const wanted = {
          criticality: input.criticality ?? undefined,
          department: input.department,
          roles: input.roles ?? undefined,
        };
        return change(viewerOf(context).organizationId, async (tx) => {
          const { id, crossings } = await changeEntity(tx, { kind, key }, wanted, now());
          await raiseBy(tx, crossings);
          const entry = { actor: auditActorOf(context), action: "ENTITY_UPDATED", entityKind: "Entity", entityId: id };
          await audit(tx, { ...entry, detail: { kind, key, ...wanted } });
          return id;
        });
      }),
  }),
);
