import "./table.css";
import { type CSSProperties, type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";

export interface Column<Row> {
  key: string;
  head: ReactNode;
  cell: (row: Row) => ReactNode;
  /** A CSS width. */
  width?: string;
  align?: "right";
  /** It takes what the others leave, and gives way. */
  fill?: true;
  /** Not on screens narrower than this: a phone's or a tablet's. */
  from?: "tablet" | "desktop";
}

interface TableProps<Row> {
  /** What the rows are, for screen readers. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Opens a row, by click, Enter or o. */
  onOpen?: (row: Row) => void;
  /** Rows that are chosen; with it, x and a box at the row's beginning choose one. */
  chosen?: ReadonlySet<string>;
  onChoose?: (chosen: ReadonlySet<string>) => void;
  chooseLabel?: (row: Row) => string;
  chooseAllLabel?: string;
}

/** A dense table with a head that stays. j and k (or the arrows) move, Enter opens, x chooses. */
export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, rowKey, onOpen, chosen, onChoose } = props;
  const [at, setAt] = useState<{ key: string; index: number }>(); // the row that has or had the focus, and its place then
  const body = useRef<HTMLTableSectionElement>(null);
  const found = rows.findIndex((row) => rowKey(row) === at?.key); // its place now: rows come above it, and it may leave
  const here = found >= 0 ? found : Math.min(at?.index ?? 0, rows.length - 1);

  function choose(key: string): void {
    if (!chosen || !onChoose) return;
    const next = new Set(chosen);
    if (!next.delete(key)) next.add(key);
    onChoose(next);
  }

  function move(to: number): void {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    (body.current?.rows[next] as HTMLElement | undefined)?.focus();
  }

  function onKey(event: KeyboardEvent<HTMLElement> | globalThis.KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      target.closest("input:not([type=checkbox]),select,textarea,dialog")
    )
      return;
    const row = rows[found];
    if (event.key === "j" || event.key === "ArrowDown") move(found >= 0 ? here + 1 : here);
    else if (event.key === "k" || event.key === "ArrowUp") move(here - 1);
    else if ((event.key === "Enter" || event.key === "o") && row && onOpen && target.tagName === "TR") onOpen(row);
    else if (event.key === "x" && row) choose(rowKey(row));
    else return;
    event.preventDefault();
  }

  // j, k and x work wherever the focus is on the page, as long as it is in no field; arrows only within the table.
  const latest = useRef(onKey);
  latest.current = onKey;
  useEffect(() => {
    if (!onOpen) return undefined;
    const listen = (event: globalThis.KeyboardEvent): void => {
      if (event.defaultPrevented || !["j", "k", "x"].includes(event.key)) return;
      if (document.querySelector("dialog[open]")) return; // the rows are behind it
      latest.current(event);
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [onOpen]);

  const allChosen = rows.length > 0 && rows.every((row) => chosen?.has(rowKey(row)));
  return (
    <div className="table-frame">
      <table className={columns.some(({ fill }) => fill) ? "table table-fixed" : "table"} aria-label={label}>
        <thead>
          <tr>
            {chosen && (
              <th className="table-box">
                <input
                  type="checkbox"
                  aria-label={props.chooseAllLabel}
                  checked={allChosen}
                  onChange={() => onChoose?.(allChosen ? new Set() : new Set(rows.map(rowKey)))}
                />
              </th>
            )}
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className={classOf(column)}
                style={column.width ? ({ "--width": column.width } as CSSProperties) : undefined}
              >
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={onKey}>
          {rows.map((row, index) => {
            const key = rowKey(row);
            return (
              <tr
                key={key}
                tabIndex={onOpen ? (index === here ? 0 : -1) : undefined}
                className={onOpen ? "table-open" : undefined}
                aria-selected={chosen ? chosen.has(key) : undefined}
                onFocus={() => setAt({ key, index })}
                onClick={(event) => {
                  if (!(event.target as HTMLElement).closest("a,button,input,label")) onOpen?.(row);
                }}
              >
                {chosen && (
                  <td className="table-box">
                    <input
                      type="checkbox"
                      aria-label={props.chooseLabel?.(row)}
                      checked={chosen.has(key)}
                      onChange={() => choose(key)}
                      tabIndex={-1}
                    />
                  </td>
                )}
                {columns.map((column) => (
                  <td key={column.key} className={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function classOf<Row>({ align, fill, from }: Column<Row>): string | undefined {
  return (
    [align === "right" ? "table-right" : "", fill ? "table-fill" : "", from ? `from-${from}` : ""].join(" ").trim() ||
    undefined
  );
}
