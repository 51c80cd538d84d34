import type { ReactNode } from "react";
import { type UserError, useErrorsSince } from "../data/use-mutation.ts";
import { words } from "../words.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { FormErrors } from "./field.tsx";

interface ConfirmProps {
  title: string;
  /** What it does, to how many, and whether it can be taken back. */
  text: string;
  /** The word on the button. */
  action: string;
  errors: readonly UserError[];
  busy: boolean;
  onClose: () => void;
  onConfirm: () => void;
  children?: ReactNode;
}

/** Asks before something that hurts is done, and says whom it would hit. */
export function Confirm({ title, text, action, errors, busy, onClose, onConfirm, children }: ConfirmProps) {
  const own = useErrorsSince(errors);
  return (
    <Dialog
      open
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{words.do.cancel}</Button>
          <Button kind="danger" busy={busy} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      <p className="wrap">{text}</p>
      {children}
      <FormErrors errors={own} />
    </Dialog>
  );
}
