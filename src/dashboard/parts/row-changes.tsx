import { type ReactNode, useState } from "react";
import { useMutation } from "../data/use-mutation.ts";
import type { TypedDocumentString } from "../generated/graphql.ts";
import { useMay } from "../session/viewer.ts";
import { words as shared } from "../words.ts";
import { Button } from "./button.tsx";
import { Confirm } from "./confirm.tsx";
import type { Column } from "./table.tsx";
import { toast } from "./toast.tsx";

interface Words {
  actions: string;
  add: string;
  edit(name: string): string;
  remove(name: string): string;
  removeText: string;
  removed: string;
}

/** `tools`: the button that adds one. `column`: the buttons of each row. `removal`: the question before one goes. */
interface RowChanges<Row> {
  /** What the form is open for. */
  edits: Row | "new" | undefined;
  close(): void;
  tools: ReactNode;
  column: Column<Row>[];
  removal: ReactNode;
}

/** Adding, editing and removing the rows of a list, for whoever has the permission. */
export function useRowChanges<Row extends { id: string; name: string }, Result extends object>({
  words,
  permission,
  document,
  reload,
  more,
  width = "84px",
}: {
  words: Words;
  permission: string;
  /** The mutation that removes one. */
  document: TypedDocumentString<Result, { id: string }>;
  reload: () => void;
  /** A further button of a row, and the column's width with it. */
  more?: (row: Row) => ReactNode;
  width?: string;
}): RowChanges<Row> {
  const remove = useMutation(document);
  const mayWrite = useMay(permission);
  const [edits, setEdits] = useState<Row | "new">();
  const [removes, setRemoves] = useState<Row>();

  async function removeIt(): Promise<void> {
    if (!removes || !(await remove.run({ id: removes.id }))) return;
    toast(words.removed);
    setRemoves(undefined);
    reload();
  }

  const column: Column<Row> = {
    key: "do",
    head: <span className="hidden-text">{words.actions}</span>,
    width,
    cell: (row) => (
      <div className="row-actions">
        {more?.(row)}
        <Button small kind="quiet" icon="edit" label={words.edit(row.name)} onClick={() => setEdits(row)} />
        <Button small kind="quiet" icon="trash" label={words.remove(row.name)} onClick={() => setRemoves(row)} />
      </div>
    ),
  };
  return {
    edits,
    close() {
      setEdits(undefined);
      reload(); // saving is refused where another has saved meanwhile: the next form is filled with that
    },
    tools: mayWrite && (
      <span className="push">
        <Button icon="plus" onClick={() => setEdits("new")}>
          {words.add}
        </Button>
      </span>
    ),
    column: mayWrite ? [column] : [],
    removal: removes && (
      <Confirm
        title={words.remove(removes.name)}
        text={words.removeText}
        action={shared.do.remove}
        errors={remove.errors}
        busy={remove.busy}
        onClose={() => setRemoves(undefined)}
        onConfirm={() => void removeIt()}
      />
    ),
  };
}
