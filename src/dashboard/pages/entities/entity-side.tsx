import { Link } from "wouter";
import { useMutation } from "../../data/use-mutation.ts";
import { EntityChangeDocument } from "../../generated/graphql.ts";
import { FormErrors, SelectField } from "../../parts/field.tsx";
import { Time } from "../../parts/time.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { entityWords as words } from "../../words/entities.ts";
import type { EntityDetail } from "./entity.tsx";
import { EntityMap } from "./entity-map.tsx";
import { JudgeSign } from "./judge-sign.tsx";

const criticalities = Object.entries(words.criticalities).map(([value, label]) => ({ value, label }));

/** What the score is made of, and what is known of the entity. */
export function EntitySide({ entity, onChanged }: { entity: EntityDetail; onChanged: () => void }) {
  const mayWrite = useMay("entity.write");
  const change = useMutation(EntityChangeDocument);
  const { kind, key } = entity;

  async function setCriticality(value: string): Promise<void> {
    if (!(await change.run({ kind, key, input: { criticality: Number(value) } }))) return;
    toast(words.saved);
    onChanged();
  }

  return (
    <div className="stack">
      <section className="card">
        <header className="card-head">
          <h2>{words.why}</h2>
        </header>
        <div className="card-body">
          {entity.contributions.length === 0 && <p className="muted small">{words.noWhy}</p>}
          <ul className="contributions">
            {entity.contributions.map(({ at, points, reason, detection, rule }) => (
              <li key={detection.id}>
                <strong className="number">{words.points(points)}</strong>
                <span className="wrap">
                  {detection.incident ? (
                    <Link href={`/incidents/${detection.incident.number}`}>{rule.name}</Link>
                  ) : (
                    rule.name
                  )}
                  <span className="muted">
                    {" "}
                    {reason !== rule.name && `${reason} · `}
                    <Time at={at} as="relative" />
                  </span>
                  <JudgeSign detection={detection} onChanged={onChanged} />
                </span>
              </li>
            ))}
          </ul>
        </div>
      </section>
      {entity.riskChanges.length > 0 && (
        <section className="card">
          <header className="card-head">
            <h2>{words.changes}</h2>
          </header>
          <ul className="card-body contributions">
            {entity.riskChanges.map(({ at, told }) => (
              <li key={at + told}>
                <span className="wrap">
                  {told}
                  <span className="muted">
                    {" "}
                    · <Time at={at} as="clock" />
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section className="card">
        <div className="card-body stack">
          {mayWrite && (
            <SelectField
              label={words.criticality}
              value={String(entity.criticality)}
              options={criticalities}
              onChange={(value) => void setCriticality(value)}
            />
          )}
          <FormErrors errors={change.errors} />
          <dl className="facts">
            {entity.department && (
              <>
                <dt>{words.department}</dt>
                <dd>{entity.department}</dd>
              </>
            )}
            {entity.roles.length > 0 && (
              <>
                <dt>{words.roles}</dt>
                <dd>{entity.roles.join(", ")}</dd>
              </>
            )}
            <dt>{words.firstSeen}</dt>
            <dd>
              <Time at={entity.firstSeenAt} as="clock" />
            </dd>
            <dt>{words.lastSeen}</dt>
            <dd>
              <Time at={entity.lastSeenAt} as="clock" />
            </dd>
          </dl>
        </div>
      </section>
      <EntityMap events={entity.events.nodes} />
    </div>
  );
}
