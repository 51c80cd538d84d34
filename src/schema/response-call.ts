import type { CallEvent, CallStatus } from "../generated/prisma/client.ts";
import { builder } from "./builder.ts";
import { describedEnum } from "./enums.ts";

const EventEnum = describedEnum<CallEvent>("ResponseCallEvent", "What a call of a response webhook tells.", {
  APPLIED: "The action is in force.",
  REVERTED: "It was taken back.",
  EXPIRED: "Its time is over.",
});
const StatusEnum = describedEnum<CallStatus>("ResponseCallStatus", "Where a call is.", {
  QUEUED: "It is about to be made, or made again.",
  SENT: "The system took it.",
  FAILED: "It is given up.",
});

/** One call of a response webhook, and what was answered. */
export const ResponseCall = builder.prismaObject("ResponseCall", {
  description: "One call of a response webhook, and what was answered.",
  fields: (t) => ({
    webhookId: t.exposeString("id", { description: "The `webhook-id` header, the same in every try." }),
    event: t.expose("event", { type: EventEnum, description: "What it tells." }),
    status: t.expose("status", { type: StatusEnum, description: "Where it is." }),
    tries: t.exposeInt("tries", { description: "How often it was tried." }),
    nextTryAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it is tried next; null: it is not.",
      resolve: ({ dueAt }) => dueAt,
    }),
    answered: t.exposeInt("answered", {
      nullable: true,
      description: "The HTTP status that was answered last; null: there was no answer.",
    }),
    detail: t.exposeString("detail", { description: "What became of the last try, in words." }),
    sentAt: t.expose("sentAt", { type: "DateTime", nullable: true, description: "When it was taken." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When there was something to tell." }),
  }),
});
