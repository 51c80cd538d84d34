import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import {
  CleanupPreviewDocument,
  RetentionChangeDocument,
  RetentionListDocument,
  type RetentionListQuery,
} from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { errorAt, FormErrors, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { settingsWords } from "../../words/settings.ts";

const words = settingsWords.retention;
type Policy = RetentionListQuery["retentionPolicies"][number];

/** How long each kind of data is kept, and what the next clean-up would remove. */
export function Retention() {
  const list = useQuery(RetentionListDocument, {});
  const preview = useMutation(CleanupPreviewDocument);
  const mayWrite = useMay("retention.write");
  const [edits, setEdits] = useState<Policy>();
  const [counts, setCounts] = useState<{ class: Policy["class"]; rows: number }[]>();

  const columns: readonly Column<Policy>[] = [
    {
      key: "class",
      head: words.what,
      fill: true,
      cell: (policy) => (
        <div className="two-lines">
          <strong>{words.classes[policy.class]}</strong>
          <span className="muted wrap">{policy.updatedBy ? words.chosenBy(policy.updatedBy) : words.isDefault}</span>
        </div>
      ),
    },
    { key: "days", head: words.kept, width: "130px", cell: ({ days }) => words.days(days) },
    {
      key: "past",
      head: words.past,
      width: "140px",
      from: "tablet",
      align: "right",
      cell: (policy) => {
        const rows = counts?.find((count) => count.class === policy.class)?.rows;
        return rows === undefined ? <span className="muted">–</span> : rows.toLocaleString();
      },
    },
    ...(mayWrite
      ? [
          {
            key: "do",
            head: <span className="hidden-text">{words.actions}</span>,
            width: "60px",
            align: "right" as const,
            cell: (policy: Policy) => (
              <Button
                small
                kind="quiet"
                icon="edit"
                label={words.edit(words.classes[policy.class])}
                onClick={() => setEdits(policy)}
              />
            ),
          },
        ]
      : []),
  ];

  async function count(): Promise<void> {
    const done = await preview.run({});
    if (done) setCounts(done.cleanupRun.counts);
  }

  return (
    <Panel
      title={words.title}
      lead={words.lead}
      tools={
        mayWrite && (
          <span className="push">
            <Button busy={preview.busy} onClick={() => void count()}>
              {words.preview}
            </Button>
          </span>
        )
      }
    >
      <FormErrors errors={preview.errors} />
      <Loaded of={list}>
        {({ retentionPolicies }) => (
          <Table label={words.title} columns={columns} rows={retentionPolicies} rowKey={(policy) => policy.class} />
        )}
      </Loaded>
      {edits && (
        <RetentionForm
          policy={edits}
          onClose={() => setEdits(undefined)}
          onDone={() => {
            setCounts(undefined); // of what was past its time before
            list.reload();
          }}
        />
      )}
    </Panel>
  );
}

function RetentionForm({ policy, onClose, onDone }: { policy: Policy; onClose: () => void; onDone: () => void }) {
  const [days, setDays] = useState(String(policy.days));
  const { run, errors, busy } = useMutation(RetentionChangeDocument);
  async function save(): Promise<void> {
    if (!(await run({ input: { class: policy.class, days: Number(days) } }))) return;
    toast(settingsWords.saved);
    onDone();
    onClose();
  }
  return (
    <FormDialog
      title={words.edit(words.classes[policy.class])}
      errors={errors}
      shown={["input.days"]}
      busy={busy}
      onClose={onClose}
      onSave={() => void save()}
    >
      <TextField
        label={words.daysLabel}
        hint={words.daysHint(policy.minimumDays, policy.maximumDays, policy.defaultDays)}
        type="number"
        value={days}
        onChange={setDays}
        error={errorAt(errors, "input", "days")}
      />
      {Number(days) < policy.days && <p className="field-error">{words.shorter}</p>}
    </FormDialog>
  );
}
