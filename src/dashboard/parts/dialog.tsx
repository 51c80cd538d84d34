import "./dialog.css";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { words } from "../words.ts";
import { Button } from "./button.tsx";
import { putOnTop } from "./top-dialog.ts";

interface DialogProps {
  open: boolean;
  title: string;
  onClose: () => void;
  /** Buttons at its foot, the one that does it last. */
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

/** A native modal dialog: the browser keeps the focus within and closes it by Escape. */
export function Dialog({ open, title, onClose, actions, wide, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();

  useEffect(() => {
    const dialog = element.current;
    if (!open || !dialog) {
      dialog?.close();
      return undefined;
    }
    const before = document.activeElement as HTMLElement | null;
    if (!dialog.open) dialog.showModal();
    const leave = putOnTop(dialog);
    dialog.querySelector<HTMLElement>(".dialog-body :is(input, select, textarea)")?.focus();
    // Browsers give the focus back when a dialog is closed, not when it is taken off the page while it is open.
    return () => {
      leave();
      if (!dialog.isConnected && document.activeElement === document.body) before?.focus({ preventScroll: true });
    };
  }, [open]);

  return (
    <dialog
      ref={element}
      className={wide ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={id}
      onClose={() => open && onClose()}
      onCancel={(event) => {
        if (event.target !== event.currentTarget) return; // a picker of files within it was left
        event.preventDefault();
        onClose();
      }}
    >
      {open && (
        <>
          <div className="dialog-head">
            <h2 id={id}>{title}</h2>
            <Button kind="quiet" icon="close" label={words.do.close} onClick={onClose} small />
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard */}
          <div className="dialog-body" tabIndex={0}>
            {children}
          </div>
          {actions && <div className="dialog-foot">{actions}</div>}
        </>
      )}
    </dialog>
  );
}
