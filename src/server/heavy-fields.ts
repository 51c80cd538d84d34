import { type ExecutionArgs, getOperationAST } from "graphql";

/** Fields of Query and Mutation that read much of what is stored: fewer are allowed, they cost more, and may take longer. */
export const heavyFields: ReadonlySet<string> = new Set([
  "accessReport",
  "auditVerify",
  "auditExport",
  "alertRuleBackfill",
  "alertRuleExceptionPreview",
  "alertRulePreview",
  "cleanupRun",
  "phiAccessByRole",
  "reviewPackCreate",
  "silencePreview",
]);

/** Fields that may take longer. */
export const slowFields: ReadonlySet<string> = new Set([...heavyFields, "alertRulesImport", "usersImport"]);

/** Whether an operation may take longer. Any field of that name will do: it may be in a fragment. */
export function isSlow({ document, operationName }: Pick<ExecutionArgs, "document" | "operationName">): boolean {
  const selections = getOperationAST(document, operationName)?.selectionSet.selections ?? [];
  return selections.some((node) => node.kind !== "Field" || slowFields.has(node.name.value));
}
