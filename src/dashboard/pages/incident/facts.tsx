import { type ReactNode, useState } from "react";
import { Link } from "wouter";
import { entityKindOf, entityPath } from "../../data/entity-kind.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import { AssigneesDocument, IncidentAssignDocument } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { FormErrors, SelectField } from "../../parts/field.tsx";
import { Severity } from "../../parts/severity.tsx";
import { Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { useMay } from "../../session/viewer.ts";
import { entityWords } from "../../words/entities.ts";
import { incidentWords as words } from "../../words/incident.ts";
import { words as shared } from "../../words.ts";
import type { IncidentDetail, PartProps } from "./incident.tsx";

/** Who works on it, whom it is about, and when what happened. */
export function Facts({ incident, onChanged }: PartProps) {
  const mayWrite = useMay("incident.write");
  return (
    <>
      {incident.subjects.length > 0 && (
        <section className="card">
          <header className="card-head">
            <h2>{words.entities}</h2>
          </header>
          <ul className="card-body entities">
            {incident.subjects.map(({ kind, key }) => {
              const entity = entityKindOf(kind);
              return (
                <li key={kind + key}>
                  <span className="muted small">{entity ? entityWords.kinds[entity] : kind}</span>
                  {entity ? (
                    <Link href={entityPath(entity, key)} className="mono wrap">
                      {key}
                    </Link>
                  ) : (
                    <span className="mono wrap">{key}</span>
                  )}
                </li>
              );
            })}
          </ul>
        </section>
      )}
      <section className="card">
        <header className="card-head">
          <h2>{words.facts}</h2>
        </header>
        <div className="card-body stack">
          {mayWrite && <Assign incident={incident} onChanged={onChanged} />}
          <dl className="facts">
            {factsOf(incident).map(([name, value]) => (
              <Fact key={name} name={name}>
                {value}
              </Fact>
            ))}
          </dl>
        </div>
      </section>
      {incident.related.length > 0 && (
        <section className="card">
          <header className="card-head">
            <h2>{words.related}</h2>
          </header>
          <ul className="card-body entities">
            {incident.related.slice(0, 8).map(({ id, number, title, severity, status }) => (
              <li key={id} className="related">
                <Severity level={severity} compact />
                <Link href={`/incidents/${number}`} className="clip" title={title}>
                  {title}
                </Link>
                <Status status={status} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function step(at: string | null | undefined, by: string | null | undefined): ReactNode {
  return (
    <>
      <Time at={at} as="clock" /> {by && words.by(by)}
    </>
  );
}

function factsOf(incident: IncidentDetail): [string, ReactNode][] {
  const { fact } = words;
  const all: [string, unknown, ReactNode][] = [
    [fact.opened, true, <Time key="o" at={incident.openedAt} as="clock" />],
    [fact.first, true, <Time key="f" at={incident.firstEventAt} as="clock" />],
    [fact.last, true, <Time key="l" at={incident.lastEventAt} as="clock" />],
    [
      fact.rule,
      incident.rule,
      incident.rule && <Link href={`/rules/${encodeURIComponent(incident.rule.id)}`}>{incident.rule.name}</Link>,
    ],
    [fact.acknowledged, incident.acknowledgedAt, step(incident.acknowledgedAt, incident.acknowledgedBy)],
    [fact.contained, incident.containedAt, step(incident.containedAt, incident.containedBy)],
    [fact.resolved, incident.resolvedAt, step(incident.resolvedAt, incident.resolvedBy)],
    [
      fact.resolution,
      incident.resolution,
      <>
        {incident.resolution && words.resolutions[incident.resolution]}
        {incident.resolutionReason && <span className="muted"> {incident.resolutionReason}</span>}
      </>,
    ],
    [
      fact.breach,
      incident.breachNotice,
      <>
        <Time at={incident.breachNotice?.dueAt} as="clock" />, {words.patients(incident.breachNotice?.patients ?? 0)}
      </>,
    ],
    [
      fact.merged,
      incident.mergedInto,
      <Link key="m" href={`/incidents/${incident.mergedInto?.number}`}>
        #{incident.mergedInto?.number}
      </Link>,
    ],
    [fact.tags, incident.tags.length > 0, <Tags key="t" tags={incident.tags} />],
  ];
  return all.flatMap(([name, isThere, value]) => (isThere ? [[name, value] as [string, ReactNode]] : []));
}

function Tags({ tags }: { tags: readonly string[] }) {
  return (
    <span className="row tags">
      {tags.map((tag) => (
        <Badge key={tag}>{tag}</Badge>
      ))}
    </span>
  );
}

function Assign({ incident, onChanged }: PartProps) {
  const people = useQuery(AssigneesDocument, {});
  const assign = useMutation(IncidentAssignDocument);
  const current = incident.assignee?.email ?? "";
  const [wanted, setWanted] = useState<string>();
  const listed = people.data?.assignees ?? [];
  // Who has it may be asked no more: suspended, say. It is theirs until somebody else takes it.
  const isListed = !incident.assignee || listed.some(({ email }) => email === current);
  const known = isListed ? listed : [incident.assignee as NonNullable<typeof incident.assignee>, ...listed];
  const options = [
    { value: "", label: shared.nobody },
    ...known.map(({ name, email }) => ({ value: email, label: name === email ? email : `${name} (${email})` })),
  ];

  async function give(assignee: string): Promise<void> {
    setWanted(assignee);
    if (await assign.run({ id: incident.id, input: { assignee: assignee || null } })) onChanged();
    setWanted(undefined);
  }

  return (
    <>
      <SelectField
        label={words.assignee}
        value={wanted ?? current}
        onChange={(value) => void give(value)}
        options={options}
        error={people.data ? undefined : people.error?.message}
      />
      <FormErrors errors={assign.errors} />
    </>
  );
}
