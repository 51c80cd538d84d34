import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import {
  ActionApproveDocument,
  ActionRejectDocument,
  ActionRevertDocument,
  type ActionRowFragment,
} from "../../generated/graphql.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { Time } from "../../parts/time.tsx";
import { toast } from "../../parts/toast.tsx";
import { incidentWords as words } from "../../words/incident.ts";
import { words as shared } from "../../words.ts";
import { ReasonDialog } from "./reason-dialog.tsx";

const tones: Partial<Record<ActionRowFragment["status"], Tone>> = {
  APPLIED: "good",
  AWAITING_APPROVAL: "warn",
  FAILED: "bad",
  REFUSED: "bad",
};

/** One action: what, to whom, until when; and its approval or its end. */
export function Action({ action, onChanged }: { action: ActionRowFragment; onChanged: () => void }) {
  const [asks, setAsks] = useState<"reject" | "revert">();
  const approve = useMutation(ActionApproveDocument);
  const reject = useMutation(ActionRejectDocument);
  const revert = useMutation(ActionRevertDocument);
  const { id, viewerCanApprove, viewerCanReject, viewerCanRevert } = action;

  async function done(text: string, result: Promise<object | undefined>): Promise<void> {
    if (!(await result)) return;
    toast(text);
    setAsks(undefined);
    onChanged();
  }

  function ask(what: "reject" | "revert"): void {
    approve.clear();
    setAsks(what);
  }

  const ending = asks === "reject" ? reject : revert;
  return (
    <li className="action">
      <div className="row">
        <strong className="small">{shared.actionType[action.type]}</strong>
        <Badge tone={tones[action.status] ?? "neutral"}>{shared.actionStatus[action.status]}</Badge>
      </div>
      <p className="mono small wrap">{action.target}</p>
      <p className="muted small wrap">
        {words.by(action.actor)}, <Time at={action.createdAt} as="relative" />
        {action.status === "APPLIED" && action.expiresAt && (
          <>
            , {words.until} <Time at={action.expiresAt} as="clock" />
          </>
        )}
      </p>
      <p className="muted small wrap">{action.endedReason ?? action.reason}</p>
      {viewerCanReject && !viewerCanApprove && <p className="muted small">{words.ownRequest}</p>}
      {(viewerCanReject || viewerCanRevert) && (
        <div className="row no-print">
          {viewerCanApprove && (
            <Button
              small
              kind="primary"
              busy={approve.busy}
              onClick={() => void done(words.approved, approve.run({ id }))}
            >
              {words.approve}
            </Button>
          )}
          <Button small onClick={() => ask(viewerCanReject ? "reject" : "revert")}>
            {viewerCanReject ? words.reject : words.revert}
          </Button>
        </div>
      )}
      <FormErrors errors={approve.errors} />
      {asks && (
        <ReasonDialog
          title={words.reasonTitle[asks]}
          errors={ending.errors}
          busy={ending.busy}
          onClose={() => setAsks(undefined)}
          onReason={(reason) =>
            void done(asks === "reject" ? words.rejected : words.reverted, ending.run({ id, input: { reason } }))
          }
        />
      )}
    </li>
  );
}
