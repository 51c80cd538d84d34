import { expect, test } from "vitest";
import { can, isWithin, type Permission, permissionsOf } from "../../src/access/permissions.ts";
import { keyRoles, peopleRoles, type Role } from "../../src/access/viewer.ts";

const columns: Permission[] = [
  "event.read",
  "event.ingest",
  "incident.read",
  "incident.write",
  "rule.read",
  "rule.write",
  "status.read",
  "audit.read",
  "metric.read",
  "metric.write",
  "dashboard.read",
  "dashboard.write",
];

// Written out a second time on purpose: whoever changes the table says so here too.
const expected: Record<Role, string> = {
  ADMIN: "yyyyyyyyyyyy",
  RESPONDER: "y.yyy.y.y.yy",
  ANALYST: "y.yyyyy.y.yy",
  VIEWER: "y.y.y.y.y.y.",
  AUDITOR: "y.y.y.yyy.y.",
  INGEST: ".y.......y..",
  ENFORCER: "......y.....",
};

test.each([...peopleRoles, ...keyRoles])("%s may do what the table says", (role) => {
  const actual = columns.map((permission) => (can(role, permission) ? "y" : ".")).join("");
  expect(actual).toBe(expected[role]);
  expect(permissionsOf(role).sort()).toEqual(columns.filter((permission) => can(role, permission)).sort());
});

test("a role is within another when the other may do all that it may", () => {
  for (const role of peopleRoles) expect(isWithin(role, "ADMIN")).toBe(true);
  expect(isWithin("VIEWER", "AUDITOR")).toBe(true);
  expect(isWithin("AUDITOR", "ANALYST")).toBe(false);
  expect(isWithin("ADMIN", "RESPONDER")).toBe(false);
});

test("changing the list that permissionsOf answers changes no permission", () => {
  permissionsOf("VIEWER").push("audit.read");
  expect(can("VIEWER", "audit.read")).toBe(false);
});
