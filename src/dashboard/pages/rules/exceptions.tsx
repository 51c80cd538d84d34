import { type FormEvent, useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { ExceptionAddDocument, ExceptionRemoveDocument } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { errorAt, FormErrors, TextField } from "../../parts/field.tsx";
import { Empty } from "../../parts/states.tsx";
import { Time } from "../../parts/time.tsx";
import { useMay } from "../../session/viewer.ts";
import { ruleWords as words } from "../../words/rules.ts";
import { words as shared } from "../../words.ts";
import { Editor } from "./editor.tsx";
import type { RulePart } from "./rule.tsx";
import { exceptionTemplate } from "./template.ts";

/** What the rule leaves out, who answers for that, and until when. */
export function Exceptions({ rule, onChanged }: RulePart) {
  const mayWrite = useMay("rule.write");
  const remove = useMutation(ExceptionRemoveDocument);
  const [removes, setRemoves] = useState<{ id: string; name: string }>();

  async function take(id: string): Promise<void> {
    if (!(await remove.run({ id }))) return;
    setRemoves(undefined);
    onChanged();
  }

  return (
    <div className="card-body stack">
      {rule.exceptions.length === 0 && <Empty text={words.exceptionsNone} />}
      {rule.exceptions.map(({ id, name, owner, reason, yaml, isExpired, expiresAt }) => (
        <section key={id} className="revision">
          <header className="row">
            <strong className="wrap">{name}</strong>
            {isExpired && <Badge>{words.exceptionEnded}</Badge>}
            <span className="muted small">
              {words.exceptionOwner(owner)}
              {expiresAt && (
                <>
                  , {words.until} <Time at={expiresAt} as="clock" />
                </>
              )}
            </span>
            {mayWrite && !isExpired && (
              <span className="push">
                <Button
                  small
                  kind="quiet"
                  icon="trash"
                  label={words.exceptionRemove(name)}
                  onClick={() => setRemoves({ id, name })}
                />
              </span>
            )}
          </header>
          <p className="small wrap">{reason}</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard */}
          <pre className="diff" tabIndex={0}>
            {yaml}
          </pre>
        </section>
      ))}
      {mayWrite && <AddForm rule={rule} onChanged={onChanged} />}
      {removes && (
        <Confirm
          title={words.exceptionRemove(removes.name)}
          text={words.exceptionRemoveText}
          action={shared.do.remove}
          errors={remove.errors}
          busy={remove.busy}
          onClose={() => setRemoves(undefined)}
          onConfirm={() => void take(removes.id)}
        />
      )}
    </div>
  );
}

function AddForm({ rule, onChanged }: RulePart) {
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const [yaml, setYaml] = useState(() => exceptionTemplate(rule.name));
  const add = useMutation(ExceptionAddDocument);

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!(await add.run({ input: { ruleId: rule.id, name, reason, yaml } }))) return;
    setName("");
    setReason("");
    onChanged();
  }

  return (
    <details className="rule-samples">
      <summary>{words.exceptionAdd}</summary>
      <form onSubmit={send} className="stack">
        <TextField
          label={words.exceptionName}
          value={name}
          onChange={setName}
          error={errorAt(add.errors, "input", "name")}
        />
        <TextField
          label={words.exceptionReason}
          value={reason}
          onChange={setReason}
          error={errorAt(add.errors, "input", "reason")}
        />
        <Editor label={words.exceptionYaml} value={yaml} onChange={setYaml} />
        <FormErrors errors={add.errors} shown={["input.name", "input.reason"]} />
        <div>
          <Button type="submit" busy={add.busy}>
            {words.exceptionAdd}
          </Button>
        </div>
      </form>
    </details>
  );
}
