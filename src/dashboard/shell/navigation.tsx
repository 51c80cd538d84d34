import { Link, useLocation } from "wouter";
import { useFeed } from "../data/feed.ts";
import { incidentFeed } from "../data/feeds.ts";
import { useQuery } from "../data/use-query.ts";
import { useSoon } from "../data/use-soon.ts";
import { OpenIncidentsDocument } from "../generated/graphql.ts";
import { type Page, pages } from "../pages.ts";
import { Icon } from "../parts/icon.tsx";
import { useViewer } from "../session/viewer.ts";
import { words } from "../words.ts";

/** All pages that the viewer may see, by group. */
export function Navigation() {
  const { permissions } = useViewer();
  const shown = pages.filter(({ group, permission }) => group && (!permission || permissions.includes(permission)));
  const groups = Object.entries(words.groups).map(([key, title]) => ({
    title,
    pages: shown.filter(({ group }) => group === key),
  }));
  return (
    <nav aria-label={words.shell.navigation}>
      {groups.map(
        (group) =>
          group.pages.length > 0 && (
            <div key={group.title} className="nav-group">
              <h2>{group.title}</h2>
              <ul>
                {group.pages.map((page) => (
                  <li key={page.path}>
                    <NavigationLink page={page} />
                  </li>
                ))}
              </ul>
            </div>
          ),
      )}
    </nav>
  );
}

function NavigationLink({ page }: { page: Page }) {
  const [path] = useLocation();
  const isHere = page.path === "/" ? path === "/" || path.startsWith("/dashboards") : path.startsWith(page.path);
  return (
    <Link href={page.path} className="nav-link" aria-current={isHere ? "page" : undefined}>
      <Icon name={page.icon} />
      {page.title}
      {page.path === "/incidents" && <OpenCount />}
    </Link>
  );
}

/** How many incidents nobody has looked at. */
function OpenCount() {
  const open = useQuery(OpenIncidentsDocument, {});
  const soon = useSoon(open.reload, 2_000);
  useFeed(incidentFeed, soon);
  const count = open.data?.incidents.totalCount ?? 0;
  return count > 0 ? <span className="nav-count">{count > 999 ? "999+" : count}</span> : null;
}
