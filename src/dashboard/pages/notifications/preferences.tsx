import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import { NotificationPreferenceChangeDocument, NotificationPreferenceListDocument } from "../../generated/graphql.ts";
import { FormErrors } from "../../parts/field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { notificationWords as words } from "../../words/notifications.ts";

type Preference = { kind: string; does: string; inApp: boolean; email: boolean };

/** What the viewer wants to be told of, here and by e-mail. Saved as it is ticked. */
export function Preferences() {
  const state = useQuery(NotificationPreferenceListDocument, {});
  const change = useMutation(NotificationPreferenceChangeDocument);

  async function set({ kind }: Preference, part: { inApp: boolean } | { email: boolean }): Promise<void> {
    state.patch((data) => ({
      notificationPreferences: data.notificationPreferences.map((one) =>
        one.kind === kind ? { ...one, ...part } : one,
      ),
    }));
    if (!(await change.run({ input: { kind, ...part } }))) state.reload();
  }

  const box = (name: "inApp" | "email"): Column<Preference> => ({
    key: name,
    head: words[name],
    width: "90px",
    cell: (row) => (
      <input
        type="checkbox"
        aria-label={words.tell(row.does, words[name])}
        checked={row[name]}
        onChange={(event) =>
          void set(row, name === "inApp" ? { inApp: event.target.checked } : { email: event.target.checked })
        }
      />
    ),
  });
  const columns: readonly Column<Preference>[] = [
    { key: "does", head: words.about, fill: true, cell: ({ does }) => <span className="wrap">{does}</span> },
    box("inApp"),
    box("email"),
  ];
  return (
    <Panel title={words.tabs.preferences} lead={words.preferencesLead}>
      <FormErrors errors={change.errors} />
      <Loaded of={state}>
        {({ notificationPreferences }) => (
          <Table
            label={words.tabs.preferences}
            columns={columns}
            rows={notificationPreferences}
            rowKey={({ kind }) => kind}
          />
        )}
      </Loaded>
    </Panel>
  );
}
