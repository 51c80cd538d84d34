import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { usePages } from "../../data/use-pages.ts";
import { ApiKeyEndDocument, ApiKeyListDocument, type ApiKeyRowFragment } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { More } from "../../parts/more.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { userWords } from "../../words/users.ts";
import { KeyForm } from "./key-form.tsx";

const words = userWords.keys;
const pageSize = 50;

/** Credentials of programs. Their secrets are shown once, when they are made. */
export function Keys() {
  const list = usePages(ApiKeyListDocument, { first: pageSize }, (data) => data.apiKeys);
  const end = useMutation(ApiKeyEndDocument);
  const mayWrite = useMay("apiKey.write");
  const [makes, setMakes] = useState(false);
  const [ends, setEnds] = useState<ApiKeyRowFragment>();

  async function revoke(): Promise<void> {
    if (!ends || !(await end.run({ id: ends.id }))) return;
    toast(words.revoked);
    setEnds(undefined);
    list.reload();
  }

  const columns: readonly Column<ApiKeyRowFragment>[] = [
    {
      key: "name",
      head: words.name,
      fill: true,
      cell: ({ name, role }) => (
        <div className="two-lines">
          <strong className="wrap">{name}</strong>
          <span className="muted">{userWords.roles[role]}</span>
        </div>
      ),
    },
    {
      key: "state",
      head: userWords.state,
      width: "110px",
      cell: ({ revokedAt, expiresAt }) =>
        revokedAt ? (
          <Badge>{words.isRevoked}</Badge>
        ) : expiresAt && new Date(expiresAt) < new Date() ? (
          <Badge>{words.expired}</Badge>
        ) : (
          <Badge tone="good">{words.valid}</Badge>
        ),
    },
    {
      key: "used",
      head: words.used,
      width: "120px",
      from: "tablet",
      cell: ({ lastUsedAt }) => <Time at={lastUsedAt} as="relative" />,
    },
    {
      key: "made",
      head: words.made,
      width: "150px",
      from: "desktop",
      cell: ({ createdAt }) => <Time at={createdAt} as="clock" />,
    },
    {
      key: "ends",
      head: words.ends,
      width: "150px",
      from: "desktop",
      cell: ({ expiresAt }) => <Time at={expiresAt} as="clock" />,
    },
    ...(mayWrite
      ? [
          {
            key: "do",
            head: <span className="hidden-text">{userWords.actions}</span>,
            width: "100px",
            align: "right" as const,
            cell: (key: ApiKeyRowFragment) =>
              !key.revokedAt && (
                <Button small kind="danger" aria-label={words.revokeTitle(key.name)} onClick={() => setEnds(key)}>
                  {words.revoke}
                </Button>
              ),
          },
        ]
      : []),
  ];

  return (
    <Panel
      title={userWords.tabs.keys}
      lead={words.lead}
      tools={
        mayWrite && (
          <span className="push">
            <Button icon="plus" onClick={() => setMakes(true)}>
              {words.add}
            </Button>
          </span>
        )
      }
    >
      <Loaded of={list}>
        {() =>
          list.rows.length === 0 ? (
            <Empty text={words.empty} icon="users" />
          ) : (
            <>
              <Table label={userWords.tabs.keys} columns={columns} rows={list.rows} rowKey={({ id }) => id} />
              <More of={list} />
            </>
          )
        }
      </Loaded>
      {makes && <KeyForm onClose={() => setMakes(false)} onDone={list.reload} />}
      {ends && (
        <Confirm
          title={words.revokeTitle(ends.name)}
          text={words.revokeText[ends.role === "ENFORCER" ? "ENFORCER" : "INGEST"]}
          action={words.revokeNow}
          errors={end.errors}
          busy={end.busy}
          onClose={() => setEnds(undefined)}
          onConfirm={() => void revoke()}
        />
      )}
    </Panel>
  );
}
