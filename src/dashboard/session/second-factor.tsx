import { type FormEvent, useState } from "react";
import { useMutation } from "../data/use-mutation.ts";
import {
  ConfirmSecondFactorDocument,
  EnrollSecondFactorDocument,
  VerifySecondFactorDocument,
} from "../generated/graphql.ts";
import { Button } from "../parts/button.tsx";
import { FormErrors, TextField } from "../parts/field.tsx";
import { sessionWords as words } from "../words/session.ts";
import { Gate } from "./gate.tsx";

/** Asks for the code of the second factor, and sets one up for whoever has none. */
export function SecondFactor({ onDone }: { onDone: () => void }) {
  const [code, setCode] = useState("");
  const [secret, setSecret] = useState<string>();
  const [recovery, setRecovery] = useState<readonly string[]>();
  const verify = useMutation(VerifySecondFactorDocument);
  const enroll = useMutation(EnrollSecondFactorDocument);
  const confirm = useMutation(ConfirmSecondFactorDocument);
  const errors = [...verify.errors, ...enroll.errors, ...confirm.errors];

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const input = { code: code.trim() };
    if (secret === undefined) {
      if (await verify.run({ input })) onDone();
      return;
    }
    const confirmed = await confirm.run({ input });
    if (confirmed) setRecovery(confirmed.totpConfirm.recoveryCodes ?? []);
  }

  async function setUp(): Promise<void> {
    verify.clear();
    const started = await enroll.run({});
    setSecret(started?.totpEnroll.secret ?? undefined);
  }

  if (recovery) {
    return (
      <Gate title={words.codeTitle} lead={words.recovery}>
        <ul className="gate-codes">
          {recovery.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
        <Button kind="primary" onClick={onDone}>
          {words.recoveryDone}
        </Button>
      </Gate>
    );
  }
  return (
    <Gate title={words.codeTitle} lead={secret === undefined ? words.codeLead : words.enrollLead}>
      {secret !== undefined && (
        <p>
          {words.secret}: <code className="wrap">{secret}</code>
        </p>
      )}
      <form onSubmit={submit} className="stack">
        <TextField label={words.code} value={code} onChange={setCode} autoComplete="one-time-code" required />
        <FormErrors errors={errors} />
        <Button kind="primary" type="submit" busy={verify.busy || confirm.busy}>
          {words.confirm}
        </Button>
        {secret === undefined && (
          <Button kind="quiet" onClick={setUp} busy={enroll.busy}>
            {words.enroll}
          </Button>
        )}
      </form>
    </Gate>
  );
}
