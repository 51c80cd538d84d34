/** What several ready operations share. */
export const row =
  "number title severity status threatScore openedAt detectionCount subjects { kind key } rule { name }";
export const errors = "userErrors { code message path }";
export const failedLogin = {
  action: "login",
  category: "authentication",
  outcome: "failure",
  actor: { name: "ada" },
  source: { ip: "203.0.113.7" },
};
export const lastDays = { from: "<7 days ago>", to: "<now>" };
