import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { sessionWords as words } from "../words/session.ts";

/** Asks whether anybody is still there, before they are signed out. */
export function IdleDialog({ left, onStay }: { left: number | undefined; onStay: () => void }) {
  return (
    <Dialog
      open={left !== undefined}
      title={words.stillThere}
      onClose={onStay}
      actions={
        <Button kind="primary" onClick={onStay}>
          {words.stay}
        </Button>
      }
    >
      <p>{words.stillThereText(Math.ceil((left ?? 0) / 1_000))}</p>
    </Dialog>
  );
}
