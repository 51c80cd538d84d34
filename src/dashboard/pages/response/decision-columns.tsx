import type { DecisionRowFragment } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import type { Column } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { responseWords } from "../../words/response.ts";
import { words as shared } from "../../words.ts";

const words = responseWords.decisions;

/** The columns of the decisions; `onRevoke` where the viewer may. */
export function decisionColumns(onRevoke?: (row: DecisionRowFragment) => void): readonly Column<DecisionRowFragment>[] {
  return [
    {
      key: "what",
      head: words.columns.what,
      cell: ({ type, value }) => (
        <div className="two-lines">
          <strong>{shared.actionType[type]}</strong>
          <span className="mono wrap">{value}</span>
        </div>
      ),
    },
    {
      key: "why",
      head: words.columns.why,
      from: "tablet",
      fill: true,
      cell: ({ reason, actor }) => (
        <div className="two-lines">
          <span className="wrap">{reason}</span>
          <span className="muted wrap">{actor === "vigil" ? words.automatic : actor}</span>
        </div>
      ),
    },
    { key: "where", head: words.columns.where, from: "tablet", width: "110px", cell: (row) => <Where row={row} /> },
    {
      key: "since",
      head: words.columns.since,
      from: "desktop",
      width: "110px",
      cell: ({ createdAt }) => <Time at={createdAt} as="relative" />,
    },
    {
      key: "until",
      head: words.columns.until,
      width: "110px",
      cell: ({ inForce, expiresAt, revokedAt }) =>
        inForce ? (
          <Time at={expiresAt} as="relative" />
        ) : (
          <div className="two-lines">
            <span>{revokedAt ? words.ended : words.expired}</span>
            <span className="muted">
              <Time at={revokedAt ?? expiresAt} as="relative" />
            </span>
          </div>
        ),
    },
    ...(onRevoke
      ? [
          {
            key: "do",
            head: <span className="hidden-text">{words.columns.actions}</span>,
            width: "96px",
            align: "right" as const,
            cell: (row: DecisionRowFragment) =>
              row.inForce && (
                <Button
                  small
                  aria-label={words.revokeTitle(shared.actionType[row.type], row.value)}
                  onClick={() => onRevoke(row)}
                >
                  {words.revoke}
                </Button>
              ),
          },
        ]
      : []),
  ];
}

/** At how many places it is applied. */
function Where({ row }: { row: DecisionRowFragment }) {
  const count = row.appliedBy.filter(({ liftedAt }) => !liftedAt).length;
  if (!row.inForce && count === 0) return <span className="muted">{words.lifted}</span>;
  return (
    <Badge
      tone={count > 0 ? (row.inForce ? "good" : "warn") : "warn"}
      title={row.appliedBy.map(({ enforcer }) => enforcer.name).join(", ")}
    >
      {words.applied(count)}
    </Badge>
  );
}
