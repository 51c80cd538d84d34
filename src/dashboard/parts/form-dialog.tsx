import { type FormEvent, type ReactNode, useEffect, useId, useRef } from "react";
import type { UserError } from "../data/use-mutation.ts";
import { words } from "../words.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { FormErrors, saysBroken } from "./field.tsx";

interface FormDialogProps {
  title: string;
  /** The word on the button that saves. */
  action?: string;
  wide?: boolean;
  errors: readonly UserError[];
  /** Paths of the errors that fields of the form show. */
  shown?: readonly string[];
  busy: boolean;
  /** What it is filled from is known: it cannot be saved before. */
  ready?: boolean;
  onClose: () => void;
  onSave: () => void;
  children: ReactNode;
}

/** A form in a dialog: Enter saves, errors without a field stand at its end. The first one comes into sight. */
export function FormDialog({
  title,
  action = words.do.save,
  wide = false,
  errors,
  shown = [],
  busy,
  ready = true,
  onClose,
  onSave,
  children,
}: FormDialogProps) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const wasBusy = useRef(false);

  useEffect(() => {
    if (wasBusy.current && !busy && form.current) showError(form.current);
    wasBusy.current = busy;
  }, [busy]);

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (!saysBroken(event.currentTarget)) onSave();
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
          <Button kind="primary" type="submit" form={id} busy={busy} disabled={!ready}>
            {action}
          </Button>
        </>
      }
    >
      <form ref={form} id={id} className="form" onSubmit={submit} noValidate>
        {children}
        <FormErrors errors={errors} shown={shown} />
      </form>
    </Dialog>
  );
}

/** Brings the first error into sight: a field that has one gets the focus. */
function showError(form: HTMLFormElement): void {
  const field = form.querySelector<HTMLElement>("[aria-invalid=true]");
  if (field) field.focus();
  else form.querySelector(".form-errors, .field-error")?.scrollIntoView({ block: "nearest" });
}
