import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  can,
  isWithin,
  may,
  type Permission,
  permissions,
  permissionsOf,
  requireSecondFactor,
} from "../../src/access/permissions.ts";
import { permissionsPage } from "../../src/access/permissions-page.ts";
import { keyRoles, peopleRoles, type Role, type Viewer } from "../../src/access/viewer.ts";

const columns: Permission[] = [
  "event.read",
  "event.ingest",
  "incident.read",
  "incident.write",
  "decision.read",
  "decision.write",
  "decision.enforce",
  "alert.write",
  "alertSettings.read",
  "alertSettings.write",
  "entity.read",
  "entity.write",
  "profile.read",
  "respond.read",
  "respond.write",
  "respond.approve",
  "rule.read",
  "rule.write",
  "status.read",
  "audit.read",
  "audit.export",
  "phi.read",
  "privacy.write",
  "breakglass.use",
  "compliance.write",
  "retention.read",
  "retention.write",
  "metric.read",
  "metric.write",
  "dashboard.read",
  "dashboard.write",
  "user.read",
  "user.write",
  "apiKey.read",
  "apiKey.write",
  "organization.write",
];

// Written out a second time on purpose: whoever changes the table says so here too.
const expected: Record<Role, string> = {
  ADMIN: "yyyyyy.yyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
  RESPONDER: "y.yyyy.yy.y.yyyyy.y..y.y...y.yy.....",
  ANALYST: "y.yyy...y.yyyy..yyy..y.y...y.yy.....",
  VIEWER: "y.y.y...y.y..y..y.y....y...y.y......",
  AUDITOR: "y.y.y...y.y.yy..y.yyyy.yyy.y.y.y.y..",
  INGEST: ".y..........................y.......",
  ENFORCER: ".y..y.y...........y.................",
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

test("docs/permissions.md says what the table says", async () => {
  const page = await readFile(new URL("../../docs/permissions.md", import.meta.url), "utf8");
  expect(page).toBe(permissionsPage()); // `npm run schema` writes it
});

const viewer = (role: Role, more: Partial<Viewer> = {}): Viewer => {
  return { organizationId: "o", kind: "USER", id: "u", name: "ada@example.org", role, expiresAt: undefined, ...more };
};

test("a key's scopes take permissions of its role away, and give none", () => {
  expect(may(viewer("INGEST"), "event.ingest")).toBe(true);
  expect(may(viewer("INGEST", { scopes: ["status.read"] }), "event.ingest")).toBe(false);
  expect(may(viewer("INGEST", { scopes: ["audit.read"] }), "audit.read")).toBe(false);
});

test("without the second factor that is asked for, an administrator may do nothing, others all but read PHI", () => {
  const missing = (role: Role) =>
    permissions.filter((permission) => {
      try {
        requireSecondFactor(viewer(role, { secondFactor: "MISSING" }), permission);
        return false;
      } catch (error) {
        expect(error).toMatchObject({ code: "FORBIDDEN", detail: { reason: "SECOND_FACTOR_REQUIRED" } });
        return true;
      }
    });
  expect(missing("ADMIN")).toEqual(permissions);
  expect(missing("VIEWER")).toEqual(["event.read", "phi.read"]);
  expect(() => requireSecondFactor(viewer("ADMIN", { secondFactor: "MISSING" }))).toThrow(/second factor/);
  requireSecondFactor(viewer("VIEWER", { secondFactor: "MISSING" }));
  for (const permission of permissions) {
    requireSecondFactor(viewer("ADMIN"), permission);
    requireSecondFactor(viewer("ADMIN", { secondFactor: "GIVEN" }), permission);
  }
});
