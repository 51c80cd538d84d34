import { useMutation } from "../../data/use-mutation.ts";
import { RuleRestoreDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { Time } from "../../parts/time.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { ruleWords as words } from "../../words/rules.ts";
import type { RulePart } from "./rule.tsx";

/** How the rule came to be what it is: each change with its diff, and the way back. */
export function Revisions({ rule, onChanged }: RulePart) {
  const mayWrite = useMay("rule.write");
  const restore = useMutation(RuleRestoreDocument);

  async function back(revision: number): Promise<void> {
    if (!(await restore.run({ id: rule.id, revision, expectedRevision: rule.revision }))) return;
    toast(words.restored(revision));
    onChanged();
  }

  return (
    <div className="card-body stack">
      <FormErrors errors={restore.errors} />
      {rule.revisions.nodes.map(({ revision, at, author, change, diff }) => (
        <section key={revision} className="revision">
          <header className="row">
            <strong>{words.revision(revision)}</strong>
            <span className="muted small">
              {words.changes[change]}, {author}, <Time at={at} as="clock" />
            </span>
            {mayWrite && revision !== rule.revision && (
              <span className="push">
                <Button small busy={restore.busy} onClick={() => void back(revision)}>
                  {words.restore}
                </Button>
              </span>
            )}
          </header>
          {diff ? <Diff text={diff} /> : <p className="muted small">{words.noDiff}</p>}
        </section>
      ))}
    </div>
  );
}

/** A unified diff: its lines carry their signs, colours come on top. */
function Diff({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard
    <pre className="diff" tabIndex={0}>
      {text.split("\n").map((line, number) => (
        <span
          key={`${number}${line}`}
          className={line.startsWith("+") ? "diff-added" : line.startsWith("-") ? "diff-removed" : undefined}
        >
          {line}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
