import type { FormEvent, ReactNode } from "react";
import { useId } from "react";
import type { UserError } from "../data/use-mutation.ts";
import { words } from "../words.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { FormErrors } from "./field.tsx";

interface FormDialogProps {
  title: string;
  /** The word on the button that saves. */
  action?: string;
  wide?: boolean;
  errors: readonly UserError[];
  /** Paths of the errors that fields of the form show. */
  shown?: readonly string[];
  busy: boolean;
  onClose: () => void;
  onSave: () => void;
  children: ReactNode;
}

/** A form in a dialog: Enter saves, errors without a field stand at its end. */
export function FormDialog({
  title,
  action = words.do.save,
  wide = false,
  errors,
  shown = [],
  busy,
  onClose,
  onSave,
  children,
}: FormDialogProps) {
  const id = useId();
  function submit(event: FormEvent): void {
    event.preventDefault();
    onSave();
  }
  return (
    <Dialog
      open
      wide={wide}
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{words.do.cancel}</Button>
          <Button kind="primary" type="submit" form={id} busy={busy}>
            {action}
          </Button>
        </>
      }
    >
      <form id={id} className="form" onSubmit={submit} noValidate>
        {children}
        <FormErrors errors={errors} shown={shown} />
      </form>
    </Dialog>
  );
}
