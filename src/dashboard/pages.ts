import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import type { IconName } from "./parts/icon.tsx";
import { pageWords } from "./words/pages.ts";
import type { words } from "./words.ts";

/** A page of the dashboard. A new one is a line below and a file that exports it as `default`. */
export interface Page {
  /** Its path, with parameters as wouter writes them. */
  path: string;
  /** Its name in the navigation and the browser's title. */
  title: string;
  /** Where it stands in the navigation; absent: it is reached from another page. */
  group?: keyof typeof words.groups;
  icon: IconName;
  /** What the viewer must be allowed to do for it. */
  permission?: string;
  view: LazyExoticComponent<ComponentType>;
}

/** All pages, in the order of the navigation. */
export const pages: readonly Page[] = [
  {
    path: "/",
    title: pageWords.overview,
    group: "watch",
    icon: "overview",
    permission: "dashboard.read",
    view: lazy(() => import("./pages/overview/overview.tsx")),
  },
  {
    path: "/dashboards/:id",
    title: pageWords.overview,
    icon: "overview",
    permission: "dashboard.read",
    view: lazy(() => import("./pages/overview/overview.tsx")),
  },
  {
    path: "/incidents",
    title: pageWords.incidents,
    group: "watch",
    icon: "incident",
    permission: "incident.read",
    view: lazy(() => import("./pages/incidents/list.tsx")),
  },
  {
    path: "/incidents/:number",
    title: pageWords.incident,
    icon: "incident",
    permission: "incident.read",
    view: lazy(() => import("./pages/incident/incident.tsx")),
  },
  {
    path: "/alerts",
    title: pageWords.alerts,
    group: "watch",
    icon: "alert",
    permission: "incident.read",
    view: lazy(() => import("./pages/alerts/alerts.tsx")),
  },
  {
    path: "/entities",
    title: pageWords.entities,
    group: "watch",
    icon: "entity",
    permission: "entity.read",
    view: lazy(() => import("./pages/entities/entities.tsx")),
  },
  {
    path: "/entities/:kind/:key",
    title: pageWords.entity,
    icon: "entity",
    permission: "entity.read",
    view: lazy(() => import("./pages/entities/entity.tsx")),
  },
  {
    path: "/live",
    title: pageWords.live,
    group: "watch",
    icon: "live",
    permission: "event.read",
    view: lazy(() => import("./pages/live/live.tsx")),
  },
  {
    path: "/rules",
    title: pageWords.rules,
    group: "detect",
    icon: "rule",
    permission: "rule.read",
    view: lazy(() => import("./pages/rules/rules.tsx")),
  },
  {
    path: "/rules/:id",
    title: pageWords.rule,
    icon: "rule",
    permission: "rule.read",
    view: lazy(() => import("./pages/rules/rule.tsx")),
  },
];
