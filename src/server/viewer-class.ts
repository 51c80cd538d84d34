/** Viewers who may see the same: whose identical subscriptions answer the same. */
import type { Viewer } from "../access/viewer.ts";
import type { Context } from "../schema/context.ts";

/** The class's name; equal names, equal answers. */
export function viewerClassOf(viewer: Viewer): string {
  const { organizationId, kind, role, scopes, secondFactor } = viewer;
  return JSON.stringify([organizationId, kind, role, scopes ?? null, secondFactor ?? null]);
}

/**
 * What resolvers get that answer for all viewers of a class: who one of them is cannot be asked. Break-glass is not
 * among the things they share.
 */
export function classContext(one: Context & { viewer: Viewer }, refused: Context["services"]["refused"]): Context {
  const { organizationId, kind, role, scopes, secondFactor } = one.viewer;
  const nobody = (what: string) => (): never => {
    throw new Error(`a shared subscription has no viewer's ${what}`);
  };
  const viewer = Object.defineProperties(
    {
      organizationId,
      kind,
      role,
      expiresAt: undefined,
      ...(scopes && { scopes }),
      ...(secondFactor && { secondFactor }),
    },
    { id: { get: nobody("id") }, name: { get: nobody("name") }, sessionId: { get: nobody("session") } },
  ) as unknown as Viewer;
  const { closing } = one;
  return {
    viewer,
    services: { ...one.services, refused },
    closing,
    patients: new Set(),
    breakGlass: Promise.resolve(undefined),
  };
}
