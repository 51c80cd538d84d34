import { audit } from "../access/audit.ts";
import { phiAccessByRole, type RoleAccess } from "../audit/phi-access-by-role.ts";
import { programRoles } from "../detect/behaviour/program.ts";
import { builder } from "./builder.ts";
import { auditActorOf, viewerOf } from "./context.ts";
import { checkRange, RangeInput } from "./range.ts";

const RoleAccessType = builder.objectRef<RoleAccess>("PhiAccessOfRole").implement({
  description: "What the users of one role open of patients' records in the monitored applications.",
  fields: (t) => ({
    role: t.exposeString("role", {
      description: "The first role that events tell, else the imported role or department; empty: none is known.",
    }),
    users: t.exposeInt("users", { description: "How many users opened any." }),
    patients: t.exposeInt("patients", { description: "Of how many different patients." }),
    userDays: t.exposeInt("userDays", { description: "Days with any, summed over the users." }),
    medianPerUserDay: t.exposeFloat("medianPerUserDay", {
      description: "Different patients a user opens on such a day: half the days have at most so many.",
    }),
    p90PerUserDay: t.exposeFloat("p90PerUserDay", { description: "The same: nine of ten days have at most so many." }),
    outsideShare: t.exposeFloat("outsideShare", {
      description:
        "Which share of those patients, 0 to 1, was not the user's: without an earlier access of the user in 90 days, and without any other user's within 14 days.",
    }),
  }),
});

builder.queryField("phiAccessByRole", (t) =>
  t.field({
    type: [RoleAccessType],
    description:
      "How many patients' records each role opens, to judge the minimum necessary; the role with the most patients first. Names nobody. Asking is audited.",
    authScopes: { permission: "audit.read" },
    args: { range: t.arg({ type: RangeInput, required: true, description: "When." }) },
    resolve: (_parent, { range }, context) => {
      checkRange(range);
      return context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
        const roles = await phiAccessByRole(tx, range, programRoles);
        const detail = { ...range, roles: roles.length, address: context.address ?? null };
        const entry = {
          actor: auditActorOf(context),
          action: "PHI_ACCESS_BY_ROLE_READ",
          entityKind: "Role",
          entityId: "",
        };
        await audit(tx, { ...entry, detail });
        return roles;
      });
    },
  }),
);
