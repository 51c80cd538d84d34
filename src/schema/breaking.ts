/** What of the API would break programs written for the last release, and is not said in the CHANGELOG. */
import { buildSchema, findBreakingChanges, type GraphQLSchema } from "graphql";

/**
 * Descriptions of changes from the released schema (as SDL) that are not in the CHANGELOG's part of what is unreleased,
 * e.g. `Incident.owner was removed.`
 */
export function unsaidBreaks(released: string, schema: GraphQLSchema, changelog: string): string[] {
  const unreleased = changelog.split(/^## /m).find((part) => part.startsWith("Unreleased")) ?? "";
  const said = unreleased.replaceAll(/\s+/g, " ");
  return findBreakingChanges(buildSchema(released), schema)
    .map(({ description }) => description)
    .filter((description) => !said.includes(description.replaceAll(/\s+/g, " ")));
}
