import "./button.css";
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Icon, type IconName } from "./icon.tsx";

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "className"> {
  /** PRIMARY: what the page is for; DANGER: what cannot be undone; QUIET: beside others. */
  kind?: "primary" | "danger" | "quiet" | "plain";
  icon?: IconName;
  /** Work is under way: it cannot be pressed again. */
  busy?: boolean;
  /** Only the icon shows; the words are for screen readers and the tooltip. */
  label?: string;
  small?: boolean;
  children?: ReactNode;
}

/**
 * A button that is disabled or busy can have the focus all the same: browsers take it from a `disabled` one that was
 * just pressed, and give it to nothing.
 */
export function Button({ kind = "plain", icon, busy = false, label, small, children, ...given }: ButtonProps) {
  const { disabled, onClick, ...rest } = given;
  const isOff = disabled || busy;
  const destroys = icon === "trash" ? " button-destroys" : ""; // beside others that look like it
  const look = `button button-${kind}${small ? " button-small" : ""}${label && !children ? " button-icon" : ""}${destroys}`;
  return (
    <button
      type="button"
      {...rest}
      className={look}
      aria-disabled={isOff || undefined}
      aria-busy={busy || undefined}
      aria-label={label ?? rest["aria-label"]}
      title={rest.title ?? label}
      onClick={(event) => (isOff ? event.preventDefault() : onClick?.(event))}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
