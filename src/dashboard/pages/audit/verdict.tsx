import { useState } from "react";
import { useQuery } from "../../data/use-query.ts";
import { AuditCheckDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Notice } from "../../parts/panel.tsx";
import { Time } from "../../parts/time.tsx";
import { auditWords } from "../../words/audit.ts";

const words = auditWords.verify;

/** Whether the log is as it was written, in plain words. Asked for by a button, for it reads all of it. */
export function Verdict() {
  const [asked, setAsked] = useState(false);
  const state = useQuery(AuditCheckDocument, asked ? {} : undefined);
  const verdict = asked ? state.data?.auditVerify : undefined;
  const again = (
    <Button busy={asked && state.loading} onClick={() => (asked ? state.reload() : setAsked(true))}>
      {verdict ? words.again : words.verify}
    </Button>
  );
  if (state.error && asked) {
    return (
      <Notice tone="bad" icon="incident" title={words.failed} action={again}>
        {state.error.message}
      </Notice>
    );
  }
  if (!verdict) {
    return (
      <Notice tone="neutral" icon="audit" title={words.question} action={again}>
        {words.how}
      </Notice>
    );
  }
  const { ok, fault, entries, checkpoints, unknownCheckpoints, cutUpTo, losses, lastSeq, lastHash } = verdict;
  return (
    <Notice
      tone={ok ? "good" : "bad"}
      icon={ok ? "check" : "incident"}
      title={ok ? words.good : words.bad(fault?.seq ?? lastSeq + 1, fault?.upTo ?? undefined)}
      action={again}
    >
      {fault && (
        <p>
          <strong>{words.faults[fault.kind]}</strong> {fault.message}
        </p>
      )}
      <p>{words.looked(entries, checkpoints)}</p>
      {cutUpTo != null && <p>{words.cut(cutUpTo)}</p>}
      {losses.map(({ from, upTo, at }) => (
        <p key={at}>
          {words.lost(from, upTo)} <Time at={at} />
        </p>
      ))}
      {unknownCheckpoints > 0 && <p>{words.unknown(unknownCheckpoints)}</p>}
      {!ok && <p>{words.whatNow}</p>}
      {lastSeq > 0 && (
        <p className="wrap">
          {words.last(lastSeq)} <code>{lastHash}</code>
        </p>
      )}
    </Notice>
  );
}
