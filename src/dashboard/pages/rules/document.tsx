import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { useDraft } from "../../data/use-draft.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { RuleCreateDocument, RuleTryDocument, RuleUpdateDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { ruleWords as words } from "../../words/rules.ts";
import { Editor } from "./editor.tsx";
import type { RuleDetail } from "./rule.tsx";
import { Samples } from "./samples.tsx";
import { template } from "./template.ts";

const typingPause = 600; // ms after the last letter until the document is checked

/** The document with its editor: checked as it is typed, tried on samples, saved as a new revision. */
export function Document({ rule, onChanged }: { rule: RuleDetail | undefined; onChanged: () => void }) {
  const mayWrite = useMay("rule.write");
  const [, go] = useLocation();
  const [filled, setFilled] = useState(rule); // what the editor was filled with
  const stored = filled?.yaml ?? "";
  const [draft, keepDraft] = useDraft(`rule ${filled?.id} ${stored}`); // of another text it is none
  const [yaml, setYaml] = useState(draft || (filled ? stored : template));
  const [isChecked, setIsChecked] = useState(false);
  const check = useMutation(RuleTryDocument);
  const update = useMutation(RuleUpdateDocument);
  const create = useMutation(RuleCreateDocument);
  const isChanged = yaml !== stored;
  const { run } = check;

  // Another revision is gone on from where that loses nobody's text; where it would, saving is refused.
  if (rule && rule !== filled && (!isChanged || rule.yaml === stored || rule.yaml === yaml)) {
    setFilled(rule);
    if (!isChanged) setYaml(rule.yaml);
  }

  useEffect(() => {
    setIsChecked(false);
    if (!isChanged || yaml.trim() === "") return undefined;
    let isOver = false; // it was typed on: what is said of it by then is of another text
    const timer = setTimeout(
      () => void run({ input: { yaml, events: [] } }).then(() => isOver || setIsChecked(true)),
      typingPause,
    );
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [yaml, isChanged, run]);

  function type(text: string): void {
    setYaml(text);
    keepDraft(text === stored ? "" : text);
  }

  async function save(): Promise<void> {
    if (filled) {
      if (!(await update.run({ id: filled.id, input: { yaml, expectedRevision: filled.revision } }))) return;
      keepDraft("");
      toast(words.saved);
      onChanged();
      return;
    }
    const made = await create.run({ input: { yaml, mode: "MONITOR" } });
    const id = made?.alertRuleCreate.alertRule?.id;
    if (!id) return;
    keepDraft("");
    toast(words.created);
    go(`/rules/${encodeURIComponent(id)}`);
  }

  const isValid = isChecked && check.errors.length === 0;
  return (
    <div className="card-body stack">
      <Editor label={words.document} value={yaml} onChange={type} readOnly={!mayWrite} />
      <div className="rule-check" role="status">
        {!isChanged ? (
          <span className="muted small">{words.documentHint}</span>
        ) : check.errors.length > 0 ? (
          <FormErrors errors={check.errors} />
        ) : (
          <span className={isValid ? "rule-valid small" : "muted small"}>{isValid ? words.valid : words.checking}</span>
        )}
      </div>
      <FormErrors errors={[...update.errors, ...create.errors]} />
      {mayWrite && (
        <div className="row">
          <Button
            kind="primary"
            disabled={!isChanged || check.errors.length > 0}
            busy={update.busy || create.busy}
            onClick={() => void save()}
          >
            {rule ? words.save : words.create}
          </Button>
          {rule && isChanged && <span className="muted small">{words.unsaved}</span>}
        </div>
      )}
      <Samples yaml={yaml} />
    </div>
  );
}
