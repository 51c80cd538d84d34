import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import {
  ConfirmSecondFactorDocument,
  EnrollSecondFactorDocument,
  SecondFactorGiveUpDocument,
} from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { errorAt, FormErrors, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Secret } from "../../parts/secret.tsx";
import { toast } from "../../parts/toast.tsx";
import { sessionWords } from "../../words/session.ts";
import { userWords } from "../../words/users.ts";

const words = userWords.factor;

/** The viewer's own second factor: set up, with recovery codes shown once, or given up. */
export function Factor() {
  const enroll = useMutation(EnrollSecondFactorDocument);
  const confirm = useMutation(ConfirmSecondFactorDocument);
  const giveUp = useMutation(SecondFactorGiveUpDocument);
  const [secret, setSecret] = useState<string>();
  const [codes, setCodes] = useState<readonly string[]>();
  const [code, setCode] = useState("");
  const [ends, setEnds] = useState(false);

  /** The next dialog has nothing of the last one. */
  function forget(): void {
    setCode("");
    confirm.clear();
    giveUp.clear();
  }

  async function begin(): Promise<void> {
    forget();
    const done = await enroll.run({});
    if (done) setSecret(done.totpEnroll.secret ?? undefined);
  }

  async function finish(): Promise<void> {
    const done = await confirm.run({ input: { code: code.trim() } });
    if (!done) return;
    setSecret(undefined);
    setCode("");
    setCodes(done.totpConfirm.recoveryCodes ?? []);
  }

  async function remove(): Promise<void> {
    if (!(await giveUp.run({ input: { code: code.trim() } }))) return;
    setEnds(false);
    setCode("");
    toast(words.gone);
  }

  const codeField = (errors: typeof confirm.errors) => (
    <TextField
      label={sessionWords.code}
      value={code}
      onChange={setCode}
      autoComplete="one-time-code"
      mono
      error={errorAt(errors, "input", "code")}
    />
  );
  return (
    <Panel title={words.title} lead={words.lead}>
      <div className="card-body stack">
        {codes ? (
          <>
            <p>{sessionWords.recovery}</p>
            <Secret text={codes.join("  ")} />
            <div>
              <Button onClick={() => setCodes(undefined)}>{sessionWords.recoveryDone}</Button>
            </div>
          </>
        ) : (
          <div className="row">
            <Button kind="primary" busy={enroll.busy} onClick={() => void begin()}>
              {words.setUp}
            </Button>
            <Button
              kind="danger"
              onClick={() => {
                forget();
                setEnds(true);
              }}
            >
              {words.giveUp}
            </Button>
          </div>
        )}
        <FormErrors errors={enroll.errors} />
      </div>
      {secret && (
        <FormDialog
          title={words.setUp}
          action={sessionWords.confirm}
          errors={confirm.errors}
          shown={["input.code"]}
          busy={confirm.busy}
          onClose={() => setSecret(undefined)}
          onSave={() => void finish()}
        >
          <p>{sessionWords.enrollLead}</p>
          <Secret text={secret} />
          {codeField(confirm.errors)}
        </FormDialog>
      )}
      {ends && (
        <FormDialog
          title={words.giveUp}
          action={words.giveUpNow}
          errors={giveUp.errors}
          shown={["input.code"]}
          busy={giveUp.busy}
          onClose={() => setEnds(false)}
          onSave={() => void remove()}
        >
          <p>{words.giveUpText}</p>
          {codeField(giveUp.errors)}
        </FormDialog>
      )}
    </Panel>
  );
}
