import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { RuleTryDocument, type RuleTryMutation, type SecurityEventInput } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { FormErrors, TextField } from "../../parts/field.tsx";
import { ruleWords as words } from "../../words/rules.ts";

const example = `[
  { "action": "export", "category": "data", "outcome": "success", "actor": { "name": "ann" } }
]`;

/** Tries the document on events that are given: what fires, and why. */
export function Samples({ yaml }: { yaml: string }) {
  const [text, setText] = useState(example);
  const [fault, setFault] = useState<string>();
  const [result, setResult] = useState<RuleTryMutation["alertRuleTest"]>();
  const attempt = useMutation(RuleTryDocument);

  async function run(): Promise<void> {
    setFault(undefined);
    setResult(undefined);
    let events: SecurityEventInput[];
    try {
      events = JSON.parse(text) as SecurityEventInput[];
      if (!Array.isArray(events)) throw new Error();
    } catch {
      return setFault(words.samplesBroken);
    }
    setResult((await attempt.run({ input: { yaml, events } }))?.alertRuleTest);
  }

  return (
    <details className="rule-samples">
      <summary>{words.samples}</summary>
      <div className="stack">
        <TextField label={words.samplesHint} value={text} onChange={setText} rows={6} mono error={fault} />
        <FormErrors errors={attempt.errors} />
        <div className="row">
          <Button busy={attempt.busy} onClick={() => void run()}>
            {words.tryIt}
          </Button>
          {result && (
            <>
              <Badge tone={result.matched ? "good" : "neutral"}>{result.matched ? words.fired : words.silent}</Badge>
              <span className="small muted">
                {words.matchedEvents(
                  new Set(result.results.filter(({ matched }) => matched).map(({ index }) => index)).size,
                  new Set(result.results.map(({ index }) => index)).size,
                )}{" "}
                {result.rejected.length > 0 && words.rejected(result.rejected.length)}
              </span>
            </>
          )}
        </div>
        {result?.detections.map(({ explanation }) => (
          <p key={explanation} className="small wrap">
            {explanation}
          </p>
        ))}
      </div>
    </details>
  );
}
