import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import {
  ChannelListDocument,
  ChannelRemoveDocument,
  type ChannelRowFragment,
  ChannelTryDocument,
} from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { recipientText } from "../../parts/recipient.tsx";
import { useRowChanges } from "../../parts/row-changes.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { toast } from "../../parts/toast.tsx";
import { channelWords as words } from "../../words/channels.ts";
import { ChannelForm } from "./channel-form.tsx";

/** The channels: whether each works, and a message to try it. */
export function Channels() {
  const list = useQuery(ChannelListDocument, {});
  const attempt = useMutation(ChannelTryDocument);
  const changes = useRowChanges({
    words,
    permission: "alertSettings.write",
    document: ChannelRemoveDocument,
    reload: list.reload,
    width: "150px",
    more: (channel: ChannelRowFragment) => (
      <Button small busy={attempt.busy} aria-label={words.tryTitle(channel.name)} onClick={() => void tryIt(channel)}>
        {words.try}
      </Button>
    ),
  });

  async function tryIt({ id, name }: ChannelRowFragment): Promise<void> {
    const done = await attempt.run({ channelId: id });
    if (done) toast(words.tried(recipientText(done.alertTestSend.alert?.recipient || name)));
  }

  const columns: readonly Column<ChannelRowFragment>[] = [
    {
      key: "name",
      head: words.name,
      fill: true,
      cell: ({ name, kind, to, url, slackChannel }) => (
        <div className="two-lines">
          <strong className="wrap">{name}</strong>
          <span className="muted wrap">
            {words.kinds[kind]}: {to.join(", ") || url || slackChannel || words.hidden}
          </span>
        </div>
      ),
    },
    { key: "state", head: words.state, width: "120px", cell: (channel) => <State channel={channel} /> },
    {
      key: "baa",
      head: words.names,
      width: "130px",
      from: "desktop",
      cell: ({ coveredByBaa }) => (coveredByBaa ? words.mayName : <span className="muted">{words.mayNotName}</span>),
    },
    {
      key: "last",
      head: words.last,
      width: "120px",
      from: "tablet",
      cell: ({ lastSuccessAt }) => <Time at={lastSuccessAt} as="relative" />,
    },
    ...changes.column,
  ];

  return (
    <Panel title={words.tabs.channels} lead={words.lead} tools={changes.tools}>
      <FormErrors errors={attempt.errors} />
      <Loaded of={list}>
        {({ alertChannels }) =>
          alertChannels.length === 0 ? (
            <Empty text={words.empty} icon="channel" />
          ) : (
            <Table label={words.tabs.channels} columns={columns} rows={alertChannels} rowKey={({ id }) => id} />
          )
        }
      </Loaded>
      {changes.edits && (
        <ChannelForm
          channel={changes.edits === "new" ? undefined : changes.edits}
          onClose={changes.close}
          onDone={list.reload}
        />
      )}
      {changes.removal}
    </Panel>
  );
}

function State({
  channel: { isSuspended, suspendedReason, failingSince, lastFailure, lastSuccessAt },
}: {
  channel: ChannelRowFragment;
}) {
  if (isSuspended) return <Badge title={suspendedReason ?? ""}>{words.stopped}</Badge>;
  if (failingSince) {
    return (
      <Badge tone="bad" title={lastFailure ?? ""}>
        {words.failing}
      </Badge>
    );
  }
  return lastSuccessAt ? <Badge tone="good">{words.works}</Badge> : <Badge tone="warn">{words.untried}</Badge>;
}
