import { createContext, useContext } from "react";
import type { ViewerSessionQuery } from "../generated/graphql.ts";

export type Viewer = ViewerSessionQuery["viewer"];

export const ViewerContext = createContext<Viewer | undefined>(undefined);

/** Who is signed in. Only below the shell, which asks for it. */
export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error("nobody is signed in");
  return viewer;
}

/** Whether the viewer may do it, by the permissions the server named. */
export function useMay(permission: string): boolean {
  return useViewer().permissions.includes(permission);
}
