import { Link } from "wouter";
import { useFeed } from "../../data/feed.ts";
import { notificationFeed } from "../../data/feeds.ts";
import { useAsked } from "../../data/use-asked.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { usePages } from "../../data/use-pages.ts";
import { useSoon } from "../../data/use-soon.ts";
import {
  NotificationListDocument,
  type NotificationListQuery,
  NotificationReadDocument,
  NotificationsReadDocument,
  NotificationUnreadDocument,
} from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Choices } from "../../parts/choices.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { More } from "../../parts/more.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Time } from "../../parts/time.tsx";
import { notificationWords as words } from "../../words/notifications.ts";

const views = ["all", "unread", "urgent"] as const;
const pageSize = 30;
type Message = NotificationListQuery["notifications"]["nodes"][number];

/** Messages to the viewer, newest first. */
export function Inbox() {
  const [view, setView] = useAsked("view", views);
  const variables = {
    first: pageSize,
    ...(view === "unread" ? { unread: true } : {}),
    ...(view === "urgent" ? { priorities: ["CRITICAL" as const, "HIGH" as const] } : {}),
  };
  const list = usePages(NotificationListDocument, variables, (data) => data.notifications);
  const read = useMutation(NotificationReadDocument);
  const unread = useMutation(NotificationUnreadDocument);
  const readAll = useMutation(NotificationsReadDocument);
  useFeed(notificationFeed, useSoon(list.reload, 1_000));

  async function run(work: () => Promise<object | undefined>): Promise<void> {
    for (const { clear } of [read, unread, readAll]) clear(); // of what was refused before, it says nothing
    if (await work()) list.reload();
  }

  const mark = ({ id, readAt }: Message): Promise<void> => run(() => (readAt ? unread : read).run({ id }));

  return (
    <Panel
      title={words.tabs.inbox}
      tools={
        <>
          <Choices
            label={words.view}
            value={view}
            onChange={setView}
            options={views.map((value) => ({ value, label: words.views[value] }))}
          />
          <span className="push">
            <Button
              icon="check"
              busy={readAll.busy}
              disabled={list.rows.every(({ readAt }) => readAt)}
              onClick={() => void run(() => readAll.run({ upTo: list.rows[0]?.createdAt }))}
            >
              {words.readAll}
            </Button>
          </span>
        </>
      }
    >
      <FormErrors errors={[...read.errors, ...unread.errors, ...readAll.errors]} />
      <Loaded of={list}>
        {() =>
          list.rows.length === 0 ? (
            <Empty text={words.empty[view]} icon="notification" />
          ) : (
            <>
              <ul className="inbox">
                {list.rows.map((message) => (
                  <li key={message.id} className={message.readAt ? undefined : "inbox-unread"}>
                    <div className="inbox-text">
                      <div className="row">
                        <strong className="wrap">{message.title}</strong>
                        {message.priority !== "NORMAL" && (
                          <Badge tone={message.priority === "CRITICAL" ? "bad" : "warn"}>
                            {words.priorities[message.priority]}
                          </Badge>
                        )}
                        {!message.readAt && <Badge tone="accent">{words.isUnread}</Badge>}
                      </div>
                      {message.body && <p className="small wrap">{message.body}</p>}
                      <p className="muted small">
                        <Time at={message.createdAt} as="relative" />
                        {message.incident && (
                          <>
                            {" · "}
                            <Link href={`/incidents/${message.incident.number}`}>
                              {words.incident(message.incident.number)}
                            </Link>
                          </>
                        )}
                      </p>
                    </div>
                    <Button small kind="quiet" onClick={() => void mark(message)}>
                      {message.readAt ? words.markUnread : words.markRead}
                    </Button>
                  </li>
                ))}
              </ul>
              <More of={list} />
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}
