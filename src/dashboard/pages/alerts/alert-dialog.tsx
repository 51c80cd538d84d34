import { useFeed } from "../../data/feed.ts";
import { alertFeed } from "../../data/feeds.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import { useSoon } from "../../data/use-soon.ts";
import { AlertDetailDocument, AlertsRetryDocument } from "../../generated/graphql.ts";
import { AlertState } from "../../parts/alert-state.tsx";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { Recipient } from "../../parts/recipient.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Time } from "../../parts/time.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { alertWords as words } from "../../words/alerts.ts";
import { words as shared } from "../../words.ts";

interface AlertDialogProps {
  id: string;
  onClose: () => void;
  /** It goes out again. */
  onAgain: () => void;
}

/** One alert: where it went, what held it back, and each try with what the receiver said. */
export function AlertDialog({ id, onClose, onAgain }: AlertDialogProps) {
  const detail = useQuery(AlertDetailDocument, { id });
  const retry = useMutation(AlertsRetryDocument);
  const mayWrite = useMay("alert.write");
  const alert = detail.data?.alert;
  const canAgain = alert && (alert.status === "FAILED" || alert.status === "HELD");
  const soon = useSoon(detail.reload, 1_000);
  useFeed(alertFeed, ({ changes, lost }) => {
    if (lost || changes.some((change) => change.alert?.id === id)) soon();
  });

  async function sendAgain(): Promise<void> {
    const done = await retry.run({ input: { ids: [id] } });
    if (!done) return;
    toast(words.retried(done.alertsRetry.retried));
    detail.reload();
    onAgain();
  }

  return (
    <Dialog
      open
      wide
      title={alert ? words.kinds[alert.kind] : words.title}
      onClose={onClose}
      actions={
        <>
          <FormErrors errors={retry.errors} />
          <Button onClick={onClose}>{shared.do.close}</Button>
          {mayWrite && canAgain && (
            <Button kind="primary" icon="refresh" busy={retry.busy} onClick={() => void sendAgain()}>
              {words.retry}
            </Button>
          )}
        </>
      }
    >
      <Loaded of={detail} lines={5}>
        {({ alert: shown }) =>
          shown ? (
            <>
              <dl className="facts">
                <dt>{words.columns.status}</dt>
                <dd>
                  <AlertState status={shown.status} />
                </dd>
                <dt>{words.columns.channel}</dt>
                <dd>{shown.channel.name}</dd>
                <dt>{words.columns.recipient}</dt>
                <dd>{shown.recipient ? <Recipient of={shown.recipient} /> : "—"}</dd>
                <dt>{words.columns.at}</dt>
                <dd>
                  <Time at={shown.createdAt} />
                </dd>
                {shown.dueAt && (
                  <>
                    <dt>{words.next}</dt>
                    <dd>
                      <Time at={shown.dueAt} as="relative" />
                    </dd>
                  </>
                )}
                {shown.messageId && (
                  <>
                    <dt>{words.message}</dt>
                    <dd className="mono">{shown.messageId}</dd>
                  </>
                )}
              </dl>
              {shown.heldBy.length > 0 && (
                <section>
                  <h3>{words.why}</h3>
                  <ul>
                    {shown.heldBy.map(({ kind, reason }) => (
                      <li key={kind + reason} className="small wrap">
                        {reason}
                      </li>
                    ))}
                  </ul>
                </section>
              )}
              <section>
                <h3>{words.attempts}</h3>
                {shown.attempts.length === 0 && <p className="muted small">{words.noAttempts}</p>}
                <ol>
                  {shown.attempts.map(({ at, outcome, detail: said, latencyMs }) => (
                    <li key={at + outcome} className="small wrap">
                      <Time at={at} as="second" /> {words.attempt(words.outcome(outcome), said)}
                      {latencyMs !== null && <span className="muted"> {words.latency(latencyMs ?? 0)}</span>}
                    </li>
                  ))}
                </ol>
              </section>
            </>
          ) : (
            <Empty text={shared.states.notFound} />
          )
        }
      </Loaded>
    </Dialog>
  );
}
