import { lacksSecondFactor, may, type Permission, requireSecondFactor } from "../access/permissions.ts";
import type { Viewer } from "../access/viewer.ts";
import { VigilError } from "../errors.ts";
import type { Services } from "../schema/context.ts";

/** For what is asked past GraphQL. Errors: FORBIDDEN, which is in the audit log then; `what`: as in "may not …". */
export async function permit(
  { refused }: Pick<Services, "refused">,
  viewer: Viewer,
  permission: Permission,
  what: string,
): Promise<void> {
  const isAllowed = may(viewer, permission);
  if (isAllowed && !lacksSecondFactor(viewer, permission)) return;
  await refused(viewer, permission);
  if (isAllowed) requireSecondFactor(viewer, permission);
  throw new VigilError("FORBIDDEN", `The role ${viewer.role} may not ${what}`);
}
