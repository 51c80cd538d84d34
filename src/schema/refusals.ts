import { type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from "graphql";
import { audit } from "../access/audit.ts";
import { isDatabaseAway } from "../database-away.ts";
import { currentDeadline, withoutDeadline } from "../deadline.ts";
import { type ErrorCode, isUnstorable, VigilError } from "../errors.ts";
import { auditActorOf, type Context } from "./context.ts";

/**
 * A mutation that was refused or failed changes nothing, so it leaves no entry of its own: this leaves one, with the
 * codes and never the input. Missing permissions are audited for every operation alike, by the server.
 */
export function auditRefusals(schema: GraphQLSchema): GraphQLSchema {
  const mutation = schema.getMutationType();
  if (!isObjectType(mutation)) return schema;
  for (const field of Object.values(mutation.getFields())) {
    const resolve = field.resolve as GraphQLFieldResolver<unknown, Context> | undefined;
    if (!resolve) throw new Error(`The mutation ${field.name} does nothing`);
    field.resolve = async (parent, args, context: Context, info) => {
      try {
        const result: unknown = await resolve(parent, args, context, info);
        const codes = userErrorsOf(result).map(({ code }) => code);
        if (codes.length > 0) await record(context, "MUTATION_REFUSED", field.name, codes);
        return result;
      } catch (error) {
        const code = codeOf(error);
        if (code !== "FORBIDDEN" || !context.refusalNoted) {
          await record(context, "MUTATION_FAILED", field.name, [code]).catch((fault: Error) =>
            context.services.log.error(
              { mutation: field.name, err: fault.message },
              "a failed mutation was not audited",
            ),
          );
        }
        throw error;
      }
    };
  }
  return schema;
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof VigilError) return error.code;
  if (error instanceof Error && /^Pothos.*Validation/.test(error.name)) return "BAD_USER_INPUT"; // e.g. another type's id
  if (isUnstorable(error)) return "BAD_USER_INPUT";
  return isDatabaseAway(error) || currentDeadline()?.aborted ? "UNAVAILABLE" : "INTERNAL";
}

function userErrorsOf(result: unknown): { code: string }[] {
  const { userErrors } = (result ?? {}) as { userErrors?: { code: string }[] };
  return Array.isArray(userErrors) ? userErrors : [];
}

async function record(context: Context, action: string, mutation: string, codes: string[]): Promise<void> {
  if (!context.viewer) return; // nobody's organization
  const detail = { codes: codes.slice(0, 20), address: context.address ?? null };
  const { organizationId } = context.viewer;
  const entry = { actor: auditActorOf(context), action, entityKind: "Mutation", entityId: mutation, detail };
  // One that failed because its time was over is written down after that.
  await withoutDeadline(() => context.services.db.inOrganization(organizationId, (tx) => audit(tx, entry)));
}
