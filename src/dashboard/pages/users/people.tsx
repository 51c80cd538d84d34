import { useState } from "react";
import { useAskedText } from "../../data/use-asked.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { usePages } from "../../data/use-pages.ts";
import {
  UserChangeDocument,
  UserListDocument,
  type UserRowFragment,
  UserShutOutDocument,
} from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { More } from "../../parts/more.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Search } from "../../parts/search.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay, useViewer } from "../../session/viewer.ts";
import { userWords as words } from "../../words/users.ts";
import { ContactForm } from "./contact-form.tsx";
import { PersonForm } from "./person-form.tsx";

const pageSize = 50;

/** Everybody who signs in. */
export function People() {
  const [text, setText] = useAskedText("words");
  const asked = text.trim();
  const filter = asked ? { or: [{ name: { contains: asked } }, { email: { contains: asked } }] } : {};
  const list = usePages(UserListDocument, { filter, first: pageSize }, (data) => data.users);
  const suspend = useMutation(UserShutOutDocument);
  const change = useMutation(UserChangeDocument);
  const mayWrite = useMay("user.write");
  const { name: self } = useViewer();
  const [edits, setEdits] = useState<UserRowFragment | "new">();
  const [contacts, setContacts] = useState<UserRowFragment>();
  const [suspends, setSuspends] = useState<UserRowFragment>();

  async function shutOut(): Promise<void> {
    if (!suspends || !(await suspend.run({ id: suspends.id }))) return;
    toast(words.suspended(suspends.name));
    setSuspends(undefined);
    list.reload();
  }

  async function letIn(user: UserRowFragment): Promise<void> {
    if (!(await change.run({ id: user.id, input: { suspended: false } }))) return;
    toast(words.letIn(user.name));
    list.reload();
  }

  const columns: readonly Column<UserRowFragment>[] = [
    {
      key: "name",
      head: words.name,
      fill: true,
      cell: ({ name, email }) => (
        <div className="two-lines">
          <strong className="wrap">
            {name} {email === self && <span className="muted">{words.you}</span>}
          </strong>
          <span className="muted wrap">{email}</span>
        </div>
      ),
    },
    { key: "role", head: words.role, width: "120px", from: "tablet", cell: ({ role }) => words.roles[role] },
    {
      key: "state",
      head: words.state,
      width: "110px",
      cell: ({ suspendedAt }) =>
        suspendedAt ? <Badge tone="bad">{words.isSuspended}</Badge> : <Badge tone="good">{words.active}</Badge>,
    },
    {
      key: "factor",
      head: words.factorShort,
      width: "120px",
      from: "desktop",
      cell: ({ hasSecondFactor }) =>
        hasSecondFactor ? words.hasFactor : <span className="muted">{words.noFactor}</span>,
    },
    {
      key: "seen",
      head: words.seen,
      width: "110px",
      from: "tablet",
      cell: ({ lastSeenAt }) => <Time at={lastSeenAt} as="relative" />,
    },
    ...(mayWrite
      ? [
          {
            key: "do",
            head: <span className="hidden-text">{words.actions}</span>,
            width: "184px",
            cell: (user: UserRowFragment) => (
              <div className="row-actions">
                <Button small kind="quiet" icon="edit" label={words.edit(user.name)} onClick={() => setEdits(user)} />
                <Button
                  small
                  kind="quiet"
                  icon="channel"
                  label={words.contact.open(user.name)}
                  onClick={() => setContacts(user)}
                />
                {user.suspendedAt ? (
                  <Button
                    small
                    busy={change.busy}
                    aria-label={words.letInTitle(user.name)}
                    onClick={() => void letIn(user)}
                  >
                    {words.unsuspend}
                  </Button>
                ) : (
                  user.email !== self && (
                    <Button
                      small
                      kind="danger"
                      aria-label={words.suspendTitle(user.name)}
                      onClick={() => setSuspends(user)}
                    >
                      {words.suspend}
                    </Button>
                  )
                )}
              </div>
            ),
          },
        ]
      : []),
  ];

  return (
    <Panel
      title={words.tabs.people}
      tools={
        <>
          <Search label={words.search} value={text} onChange={setText} />
          {mayWrite && (
            <span className="push">
              <Button icon="plus" onClick={() => setEdits("new")}>
                {words.add}
              </Button>
            </span>
          )}
        </>
      }
    >
      <FormErrors errors={change.errors} />
      <Loaded of={list}>
        {() =>
          list.rows.length === 0 ? (
            <Empty text={words.empty} icon="search" />
          ) : (
            <>
              <Table label={words.tabs.people} columns={columns} rows={list.rows} rowKey={({ id }) => id} />
              <More of={list} />
            </>
          )
        }
      </Loaded>
      {edits && (
        <PersonForm
          user={edits === "new" ? undefined : edits}
          onClose={() => setEdits(undefined)}
          onDone={list.reload}
        />
      )}
      {contacts && <ContactForm user={contacts} onClose={() => setContacts(undefined)} />}
      {suspends && (
        <Confirm
          title={words.suspendTitle(suspends.name)}
          text={words.suspendText}
          action={words.suspendNow}
          errors={suspend.errors}
          busy={suspend.busy}
          onClose={() => setSuspends(undefined)}
          onConfirm={() => void shutOut()}
        />
      )}
    </Panel>
  );
}
