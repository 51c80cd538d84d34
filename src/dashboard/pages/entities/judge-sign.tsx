import { useMutation } from "../../data/use-mutation.ts";
import { SignJudgeDocument, SignJudgeUndoDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { entityWords as words } from "../../words/entities.ts";
import type { EntityDetail } from "./entity.tsx";

type Detection = EntityDetail["contributions"][number]["detection"];

/** Says what a sign in no incident was, or takes that back. */
export function JudgeSign({ detection, onChanged }: { detection: Detection; onChanged: () => void }) {
  const judge = useMutation(SignJudgeDocument);
  const undo = useMutation(SignJudgeUndoDocument);
  const mayWrite = useMay("incident.write");
  const { id, resolution, viewerCanJudge } = detection;
  if (!mayWrite || !(viewerCanJudge || resolution)) return null;

  async function run(work: () => Promise<object | undefined>): Promise<void> {
    if (!(await work())) return;
    toast(words.saved);
    onChanged();
  }

  return (
    <span className="wrap">
      {resolution ? (
        <Button small busy={undo.busy} onClick={() => void run(() => undo.run({ id }))}>
          {words.judged(resolution)}
        </Button>
      ) : (
        words.verdicts.map(({ value, label }) => (
          <Button
            key={value}
            small
            busy={judge.busy}
            onClick={() => void run(() => judge.run({ id, resolution: value }))}
          >
            {label}
          </Button>
        ))
      )}
      <FormErrors errors={[...judge.errors, ...undo.errors]} />
    </span>
  );
}
