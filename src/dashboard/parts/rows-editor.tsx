import "./rows-editor.css";
import type { ReactNode } from "react";
import { words } from "../words.ts";
import { Button } from "./button.tsx";
import { useRowFocus } from "./use-row-focus.ts";

interface RowsEditorProps<Row> {
  legend: string;
  rows: readonly Row[];
  onChange: (rows: Row[]) => void;
  /** What a new one begins as. */
  fresh: () => Row;
  /** What one of them is called, e.g. Layer. */
  noun: string;
  /** What it means that there is none. */
  empty?: string;
  /** So many must stay. */
  least?: number;
  /** One in place of another matters: each may go up. */
  isOrdered?: boolean;
  /** Of the whole. */
  error?: string | undefined;
  children: (row: Row, set: (part: Partial<Row>) => void, index: number) => ReactNode;
}

/** Several of a kind in a form: added, removed, and put in order. */
export function RowsEditor<Row extends object>(props: RowsEditorProps<Row>) {
  const { legend, rows, onChange, fresh, noun, empty, least = 0, isOrdered = false, error, children } = props;
  const { list, focusOn } = useRowFocus();

  function up(index: number): void {
    const next = [...rows];
    next.splice(index - 1, 0, ...next.splice(index, 1));
    focusOn("up", index - 1);
    onChange(next);
  }

  function remove(index: number): void {
    focusOn("remove", index);
    onChange(rows.filter((_, at) => at !== index));
  }

  function add(): void {
    focusOn("field", rows.length);
    onChange([...rows, fresh()]);
  }

  return (
    <fieldset ref={list} className="form-set">
      <legend>{legend}</legend>
      {rows.length === 0 && empty && <p className="muted small">{empty}</p>}
      {rows.map((row, index) => (
        // they have no id of their own, and their order is theirs
        <div key={index} className="rows-editor-row" data-row>
          <div className="rows-editor-fields">
            {children(
              row,
              (part) => onChange(rows.map((one, at) => (at === index ? { ...one, ...part } : one))),
              index,
            )}
          </div>
          <div className="rows-editor-tools">
            {isOrdered && index > 0 && (
              <Button
                small
                kind="quiet"
                icon="up"
                label={words.rows.up(noun, index + 1)}
                onClick={() => up(index)}
                data-row-up
              />
            )}
            {rows.length > least && (
              <Button
                small
                kind="quiet"
                icon="trash"
                label={words.rows.remove(noun, index + 1)}
                onClick={() => remove(index)}
                data-row-remove
              />
            )}
          </div>
        </div>
      ))}
      {error && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
      <div>
        <Button small icon="plus" onClick={add} data-row-add>
          {words.rows.add(noun)}
        </Button>
      </div>
    </fieldset>
  );
}
