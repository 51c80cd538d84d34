import { eventKey } from "../audit/phi-read.ts";
import { VigilError } from "../errors.ts";
import type { Secret } from "../ingest/privacy.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { mayReadPatients } from "./phi.ts";
import { openSealed } from "./sealed.ts";
import { SecurityEvent } from "./security-event.ts";

const Phi = builder.objectRef<Secret>("SecurityEventPhi").implement({
  description: "What of an event is stored encrypted. Null: it was not sent, or stands in the event itself.",
  fields: (t) => {
    const text = (description: string, read: (secret: Secret) => string | undefined) =>
      t.string({ nullable: true, description, resolve: (secret) => read(secret) ?? null });
    return {
      patientId: text("Whose record it was.", ({ target }) => target?.patientId),
      targetId: text("Id of what it was done to.", ({ target }) => target?.id),
      targetName: text("Name of what it was done to.", ({ target }) => target?.name),
      httpPath: text("The request's path.", ({ http }) => http?.path),
      httpQuery: text("The request's query string.", ({ http }) => http?.query),
      httpReferrer: text("The request's referrer.", ({ http }) => http?.referrer),
      message: text("The original text.", ({ message }) => message),
      attributes: t.field({
        type: "JSON",
        nullable: true,
        description: "Those of the attributes that are sealed.",
        resolve: ({ attributes }) => attributes ?? null,
      }),
    };
  },
});

builder.prismaObjectFields(SecurityEvent, (t) => ({
  sealedFields: t.exposeStringList("sealedFields"),
  phi: t.field({
    type: Phi,
    nullable: true,
    description: "The sealed fields, opened. Every opening is written to the audit log.",
    authScopes: { permission: "event.read" },
    select: { id: true, sealed: true },
    resolve: async ({ id, sealed }, _args, context) => {
      if (sealed === null) return null;
      if (!(await mayReadPatients(context))) {
        const message = `The role ${viewerOf(context).role} may not read PHI. In an emergency: breakGlassStart`;
        throw new VigilError("FORBIDDEN", message);
      }
      const secret = await openSealed<Secret>(context, "event", { id, sealed });
      // Written to the audit log before the answer leaves, by the patient where the event names one.
      context.patients?.add(secret?.target?.patientId ?? `${eventKey}${id}`);
      return secret;
    },
  }),
}));
