import { type Soon, soon } from "./data/soon.ts";
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
  view: Soon;
}

/** All pages, in the order of the navigation. */
export const pages: readonly Page[] = [
  {
    path: "/",
    title: pageWords.overview,
    group: "watch",
    icon: "overview",
    permission: "dashboard.read",
    view: soon(() => import("./pages/overview/overview.tsx")),
  },
  {
    path: "/dashboards/:id",
    title: pageWords.overview,
    icon: "overview",
    permission: "dashboard.read",
    view: soon(() => import("./pages/overview/overview.tsx")),
  },
  {
    path: "/incidents",
    title: pageWords.incidents,
    group: "watch",
    icon: "incident",
    permission: "incident.read",
    view: soon(() => import("./pages/incidents/list.tsx")),
  },
  {
    path: "/incidents/:number",
    title: pageWords.incident,
    icon: "incident",
    permission: "incident.read",
    view: soon(() => import("./pages/incident/incident.tsx")),
  },
  {
    path: "/alerts",
    title: pageWords.alerts,
    group: "watch",
    icon: "alert",
    permission: "incident.read",
    view: soon(() => import("./pages/alerts/alerts.tsx")),
  },
  {
    path: "/entities",
    title: pageWords.entities,
    group: "watch",
    icon: "entity",
    permission: "entity.read",
    view: soon(() => import("./pages/entities/entities.tsx")),
  },
  {
    path: "/entities/:kind/:key",
    title: pageWords.entity,
    icon: "entity",
    permission: "entity.read",
    view: soon(() => import("./pages/entities/entity.tsx")),
  },
  {
    path: "/live",
    title: pageWords.live,
    group: "watch",
    icon: "live",
    permission: "event.read",
    view: soon(() => import("./pages/live/live.tsx")),
  },
  {
    path: "/rules",
    title: pageWords.rules,
    group: "detect",
    icon: "rule",
    permission: "rule.read",
    view: soon(() => import("./pages/rules/rules.tsx")),
  },
  {
    path: "/rules/:id",
    title: pageWords.rule,
    icon: "rule",
    permission: "rule.read",
    view: soon(() => import("./pages/rules/rule.tsx")),
  },
  {
    path: "/response",
    title: pageWords.response,
    group: "respond",
    icon: "response",
    permission: "decision.read",
    view: soon(() => import("./pages/response/response.tsx")),
  },
  {
    path: "/notifications",
    title: pageWords.notifications,
    group: "tell",
    icon: "notification",
    view: soon(() => import("./pages/notifications/notifications.tsx")),
  },
  {
    path: "/channels",
    title: pageWords.channels,
    group: "tell",
    icon: "channel",
    permission: "alertSettings.read",
    view: soon(() => import("./pages/channels/page.tsx")),
  },
  {
    path: "/on-call",
    title: pageWords.onCall,
    group: "tell",
    icon: "clock",
    permission: "alertSettings.read",
    view: soon(() => import("./pages/on-call/on-call.tsx")),
  },
  {
    path: "/silences",
    title: pageWords.silences,
    group: "tell",
    icon: "moon",
    permission: "incident.read",
    view: soon(() => import("./pages/silences/silences.tsx")),
  },
  {
    path: "/audit",
    title: pageWords.audit,
    group: "govern",
    icon: "audit",
    permission: "audit.read",
    view: soon(() => import("./pages/audit/audit.tsx")),
  },
  {
    path: "/users",
    title: pageWords.users,
    group: "govern",
    icon: "users",
    view: soon(() => import("./pages/users/users.tsx")),
  },
  {
    path: "/status",
    title: pageWords.status,
    group: "govern",
    icon: "status",
    permission: "status.read",
    view: soon(() => import("./pages/status/status.tsx")),
  },
  {
    path: "/settings",
    title: pageWords.settings,
    group: "govern",
    icon: "settings",
    view: soon(() => import("./pages/settings/settings.tsx")),
  },
];

/** Asks for what the page of this path is made of, before anybody knows who is signed in. */
export function preload(path: string): void {
  const asked = pages.find((page) => new RegExp(`^${page.path.replace(/:\w+/g, "[^/]+")}$`).test(path));
  asked?.view.preload();
}
