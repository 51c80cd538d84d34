import "./rule.css";
import { useState } from "react";
import { isNowhere } from "../../api.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { useParam } from "../../data/use-param.ts";
import { useQuery } from "../../data/use-query.ts";
import { useTitle } from "../../data/use-title.ts";
import { type RuleMode, RulePageDocument, type RulePageQuery, RuleUpdateDocument } from "../../generated/graphql.ts";
import { Back } from "../../parts/back.tsx";
import { Badge } from "../../parts/badge.tsx";
import { FormErrors, SelectField } from "../../parts/field.tsx";
import { Severity } from "../../parts/severity.tsx";
import { Loaded, Missing } from "../../parts/states.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { pageWords } from "../../words/pages.ts";
import { ruleWords as words } from "../../words/rules.ts";
import { Document } from "./document.tsx";
import { Exceptions } from "./exceptions.tsx";
import { Mode, precisionText } from "./mode.tsx";
import { Preview } from "./preview.tsx";
import { Revisions } from "./revisions.tsx";

export type RuleDetail = NonNullable<RulePageQuery["alertRule"]>;
export interface RulePart {
  rule: RuleDetail;
  onChanged: () => void;
}

const tabs = (["document", "preview", "revisions", "exceptions"] as const).map((key) => ({
  key,
  label: words.tabs[key],
}));
const modes = Object.entries(words.modes).map(([value, label]) => ({ value: value as RuleMode, label }));

/** One rule: its document, what it would find, how it changed; or a new one. */
export default function Rule() {
  const id = useParam("id");
  const page = useQuery(RulePageDocument, id === "new" ? undefined : { id }, { anew: true });
  return (
    <>
      <Back href="/rules">{words.back}</Back>
      {id === "new" ? (
        <section className="card rule-new">
          <h1 className="card-head">{words.newRule}</h1>
          <Document rule={undefined} onChanged={() => undefined} />
        </section>
      ) : page.error && isNowhere(page.error) ? (
        <Missing title={pageWords.rule} text={words.notFound} />
      ) : (
        <Loaded of={page} lines={14} title={pageWords.rule}>
          {({ alertRule }) =>
            alertRule ? (
              <Shown key={alertRule.id} rule={alertRule} onChanged={page.reload} />
            ) : (
              <Missing title={pageWords.rule} text={words.notFound} />
            )
          }
        </Loaded>
      )}
    </>
  );
}

function Shown({ rule, onChanged }: RulePart) {
  useTitle(rule.name);
  const [tab, setTab] = useState<(typeof tabs)[number]["key"]>("document");
  const Part = { document: undefined, preview: Preview, revisions: Revisions, exceptions: Exceptions }[tab];
  return (
    <>
      <header className="rule-head">
        <div className="row">
          <Severity level={rule.severity} />
          <Mode mode={rule.mode} />
          <span className="muted small">{words.kinds[rule.kind]}</span>
          {rule.builtin && <span className="muted small">{words.builtin}</span>}
          <span className="muted small">{words.revision(rule.revision)}</span>
        </div>
        <h1 className="wrap">{rule.name}</h1>
        {rule.fault && <p className="field-error">{words.fault(rule.fault)}</p>}
        {rule.learning && <p className="small">{rule.learning}</p>}
      </header>
      <div className="rule-grid">
        <section className="card">
          <Tabs label={rule.name} tabs={tabs} shown={tab} onShow={setTab}>
            {/* It stays, with what is written in it. */}
            <div hidden={tab !== "document"}>
              <Document rule={rule} onChanged={onChanged} />
            </div>
            {Part && <Part rule={rule} onChanged={onChanged} />}
          </Tabs>
        </section>
        <Side rule={rule} onChanged={onChanged} />
      </div>
    </>
  );
}

function Side({ rule, onChanged }: RulePart) {
  const mayWrite = useMay("rule.write");
  const update = useMutation(RuleUpdateDocument);
  const { quality } = rule;

  async function setMode(mode: RuleMode): Promise<void> {
    if (!(await update.run({ id: rule.id, input: { mode, expectedRevision: rule.revision } }))) return;
    toast(words.saved);
    onChanged();
  }

  return (
    <section className="card card-body stack">
      {mayWrite && (
        <SelectField
          label={words.mode}
          hint={words.modeHints[rule.mode]}
          value={rule.mode}
          options={modes}
          onChange={(mode) => void setMode(mode)}
        />
      )}
      <FormErrors errors={update.errors} />
      <h2>{words.quality}</h2>
      <dl className="facts">
        <dt>{words.qualityPrecision}</dt>
        <dd>
          <strong>{precisionText(quality.precision)}</strong>
          <br />
          <span className="muted">
            {words.qualityCounts(quality.truePositives, quality.benign, quality.falsePositives)}
          </span>
        </dd>
        <dt>{words.trial}</dt>
        <dd>{words.trialCounts(quality.monitorDetections, quality.monitorIncidents)}</dd>
        {rule.description && (
          <>
            <dt>{words.description}</dt>
            <dd>{rule.description}</dd>
          </>
        )}
        {rule.falsepositives.length > 0 && (
          <>
            <dt>{words.falsepositives}</dt>
            <dd>{rule.falsepositives.join("; ")}</dd>
          </>
        )}
      </dl>
      {rule.techniques.length > 0 && (
        <div className="row">
          {rule.techniques.map((one) => (
            <Badge key={one}>{one}</Badge>
          ))}
        </div>
      )}
    </section>
  );
}
