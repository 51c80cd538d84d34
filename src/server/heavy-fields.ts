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
