import type { Severity as Level } from "../generated/graphql.ts";
import { Severity } from "./severity.tsx";
import type { Column } from "./table.tsx";

/** How bad each row is. On a phone its head is for screen readers: the shapes need no room for it. */
export function severityColumn<Row extends { severity: Level }>(head: string): Column<Row> {
  return {
    key: "severity",
    head: <span className="severity-head">{head}</span>,
    width: "104px",
    cell: ({ severity }) => <Severity level={severity} />,
  };
}
