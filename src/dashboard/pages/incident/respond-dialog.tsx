import { useEffect, useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import {
  type ActionType,
  IncidentResolveDocument,
  IncidentRespondDocument,
  ResponseBlastDocument,
  UserAskDocument,
} from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { CheckField, errorAt, FormErrors, SelectField, TextField } from "../../parts/field.tsx";
import { Loading } from "../../parts/states.tsx";
import { toast } from "../../parts/toast.tsx";
import { incidentWords as words } from "../../words/incident.ts";
import { words as shared } from "../../words.ts";
import type { IncidentDetail } from "./incident.tsx";
import type { Suggestion } from "./suggest.ts";

const types = Object.entries(shared.actionType).map(([value, label]) => ({ value: value as ActionType, label }));
type Ttl = keyof typeof words.ttls;
const ttls = Object.entries(words.ttls).map(([value, label]) => ({ value: value as Ttl, label }));
const typingPause = 300; // ms after the last letter until the blast radius is asked for
const ending: readonly ActionType[] = ["BLOCK_IP", "SUSPEND_USER"]; // what stops an attack: nothing more is to be done

interface RespondDialogProps {
  incident: IncidentDetail;
  suggestion: Suggestion;
  onClose: () => void;
  onDone: () => void;
}

/** Asks what to do to whom, shows whom it would hit, does it, and resolves the incident where that is wished. */
export function RespondDialog({ incident, suggestion, onClose, onDone }: RespondDialogProps) {
  const [type, setType] = useState(suggestion.type);
  const [target, setTarget] = useState(suggestion.target);
  const [ttl, setTtl] = useState<Ttl>("PT1H");
  const [reason, setReason] = useState<string>(words.respondDefault(incident.number, incident.title));
  const [wished, setWished] = useState<boolean>();
  const resolves = wished ?? ending.includes(type);
  const respond = useMutation(IncidentRespondDocument);
  const question = useMutation(UserAskDocument);
  const resolve = useMutation(IncidentResolveDocument);
  const [refused, setRefused] = useState<string>();
  const [isLeft, setIsLeft] = useState(false); // what was asked for is done, and all that is left is to resolve it
  const { id } = incident;
  const isQuestion = type === "ASK_USER"; // it goes out at once, and is over with the answer

  async function send(): Promise<void> {
    setRefused(undefined);
    if (isQuestion) {
      if (!(await question.run({ id, user: target.trim() }))) return;
      toast(words.asked);
      return onDone();
    }
    const done = await respond.run({ id, input: { type, target, ttl, reason } });
    if (!done) return;
    const { outcome, refusal } = done.incidentRespond;
    if (outcome === "REFUSED") return setRefused(words.refused(refusal ?? ""));
    toast(words.responded[outcome === "AWAITING_APPROVAL" ? outcome : "APPLIED"]);
    if (resolves && outcome === "APPLIED") return finish();
    onDone();
  }

  async function finish(): Promise<void> {
    if (!(await resolve.run({ id, input: { resolution: "TRUE_POSITIVE", reason } }))) return setIsLeft(true);
    toast(words.moved.resolve);
    onDone();
  }

  const act = resolves && !isQuestion ? words.andResolve(shared.actionType[type]) : shared.actionType[type];

  return (
    <Dialog
      open
      title={words.respondTitle}
      onClose={isLeft ? onDone : onClose}
      actions={
        <>
          <Button onClick={isLeft ? onDone : onClose}>{isLeft ? shared.do.close : shared.do.cancel}</Button>
          <Button
            kind="primary"
            busy={respond.busy || question.busy || resolve.busy}
            onClick={() => void (isLeft ? finish() : send())}
          >
            {isLeft ? words.resolve : act}
          </Button>
        </>
      }
    >
      {isLeft ? (
        <p>{words.notResolved(shared.actionType[type])}</p>
      ) : (
        <>
          <SelectField label={words.type} value={type} onChange={setType} options={types} />
          <TextField
            label={words.target}
            hint={words.targetHint}
            value={target}
            onChange={setTarget}
            mono
            error={isQuestion ? errorAt(question.errors, "user") : errorAt(respond.errors, "input", "target")}
          />
          {!isQuestion && (
            <>
              {type !== "NOTIFY_ADMIN" && <Blast type={type} target={target.trim()} />}
              <SelectField
                label={words.ttl}
                value={ttl}
                onChange={setTtl}
                options={ttls}
                error={errorAt(respond.errors, "input", "ttl")}
              />
            </>
          )}
        </>
      )}
      {isQuestion ? (
        <FormErrors errors={question.errors} shown={["user"]} />
      ) : (
        <>
          <TextField
            label={words.reason}
            hint={words.reasonHint}
            value={reason}
            onChange={setReason}
            rows={2}
            error={errorAt(respond.errors, "input", "reason")}
          />
          {!isLeft && <CheckField label={words.alsoResolve} checked={resolves} onChange={setWished} />}
          <FormErrors errors={respond.errors} shown={["input.target", "input.ttl", "input.reason"]} />
        </>
      )}
      <FormErrors errors={resolve.errors} />
      {refused && (
        <p className="field-error" role="alert">
          {refused}
        </p>
      )}
    </Dialog>
  );
}

/** Whom it would have hit: asked for anew with each target. */
export function Blast({ type, target }: { type: ActionType; target: string }) {
  const [settled, setSettled] = useState(target);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(target), typingPause);
    return () => clearTimeout(timer);
  }, [target]);
  const variables = settled ? { input: { type, target: settled } } : undefined;
  const { data, error } = useQuery(ResponseBlastDocument, variables, { anew: true });
  const preview = settled === target ? data?.responsePreview : undefined;
  if (target === "") return null;
  return (
    <section className="blast" aria-live="polite">
      <h3>{words.blast}</h3>
      {error && settled === target ? (
        <p className="field-error">{error.message}</p>
      ) : preview ? (
        <>
          <p className="number">{words.blastCounts(preview.requests, preview.sessions, preview.users)}</p>
          {preview.needsApproval && <p className="blast-warn">{words.needsApproval}</p>}
          {preview.refusal && <p className="field-error">{words.refusal(preview.refusal)}</p>}
        </>
      ) : (
        <Loading lines={1} />
      )}
    </section>
  );
}
