import { Link } from "wouter";
import { useFeed } from "../data/feed.ts";
import { notificationFeed } from "../data/feeds.ts";
import { useQuery } from "../data/use-query.ts";
import { useSoon } from "../data/use-soon.ts";
import { UnreadCountDocument } from "../generated/graphql.ts";
import { Icon } from "../parts/icon.tsx";
import { toast } from "../parts/toast.tsx";
import { shellWords } from "../words/shell.ts";

/** The bell: what one was told and has not read; what is urgent is said at once. */
export function Unread() {
  const unread = useQuery(UnreadCountDocument, {});
  const soon = useSoon(unread.reload, 2_000);
  useFeed(notificationFeed, ({ changes }) => {
    for (const { kind, notification } of changes) {
      if (kind === "CREATED" && notification && ["HIGH", "CRITICAL"].includes(notification.priority)) {
        toast(notification.title, "info");
      }
    }
    soon();
  });
  const count = unread.data?.notificationsUnread ?? 0;
  return (
    <Link href="/notifications" className="bell button button-quiet button-icon" aria-label={shellWords.unread(count)}>
      <Icon name="alert" />
      {count > 0 && <span className="bell-count">{count > 99 ? "99+" : count}</span>}
    </Link>
  );
}
