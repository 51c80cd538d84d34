import "./dialog.css";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { words } from "../words.ts";
import { Button } from "./button.tsx";

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
    if (open && dialog && !dialog.open) {
      dialog.showModal();
      dialog.querySelector<HTMLElement>(".dialog-body :is(input, select, textarea)")?.focus();
    }
    if (!open && dialog?.open) dialog.close();
  }, [open]);

  return (
    <dialog
      ref={element}
      className={wide ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={id}
      onClose={() => open && onClose()}
      onCancel={(event) => {
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
