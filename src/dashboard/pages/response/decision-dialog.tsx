import { Link } from "wouter";
import type { DecisionRowFragment } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Time } from "../../parts/time.tsx";
import { responseWords } from "../../words/response.ts";
import { words as shared } from "../../words.ts";

const words = responseWords.decisions;

/** One decision: why, from which incident, and at which places it is applied since when. */
export function DecisionDialog({ decision, onClose }: { decision: DecisionRowFragment; onClose: () => void }) {
  const { type, value, reason, actor, createdAt, expiresAt, revokedAt, revokedBy, appliedBy, action, inForce } =
    decision;
  const incident = action?.incident;
  return (
    <Dialog open title={shared.actionType[type]} onClose={onClose}>
      <div className="row">
        <strong className="mono wrap">{value}</strong>
        <Badge tone={inForce ? "good" : "neutral"}>
          {inForce ? words.inForce : revokedAt ? words.ended : words.expired}
        </Badge>
      </div>
      <dl className="facts">
        <dt>{words.columns.why}</dt>
        <dd>{reason}</dd>
        {incident && (
          <>
            <dt>{words.incident}</dt>
            <dd>
              <Link href={`/incidents/${incident.number}`}>
                #{incident.number} {incident.title}
              </Link>
            </dd>
          </>
        )}
        <dt>{words.by}</dt>
        <dd>{actor === "vigil" ? words.automatic : actor}</dd>
        <dt>{words.columns.since}</dt>
        <dd>
          <Time at={createdAt} />
        </dd>
        <dt>{words.columns.until}</dt>
        <dd>
          <Time at={revokedAt ?? expiresAt} />
          {revokedBy && ` (${words.endedBy(revokedBy)})`}
        </dd>
      </dl>
      <section className="stack">
        <h3>{words.columns.where}</h3>
        {appliedBy.length === 0 ? (
          <p className="muted small">{words.nowhere}</p>
        ) : (
          <ul className="places">
            {appliedBy.map(({ enforcer, appliedAt, liftedAt }) => (
              <li key={enforcer.id} className="row">
                <strong className="small wrap">{enforcer.name}</strong>
                <span className="muted small push">
                  {liftedAt ? words.liftedSince : words.appliedSince} <Time at={liftedAt ?? appliedAt} as="clock" />
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
    </Dialog>
  );
}
