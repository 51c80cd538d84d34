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

export function Button({ kind = "plain", icon, busy = false, label, small, children, disabled, ...rest }: ButtonProps) {
  const destroys = icon === "trash" ? " button-destroys" : ""; // beside others that look like it
  const look = `button button-${kind}${small ? " button-small" : ""}${label && !children ? " button-icon" : ""}${destroys}`;
  return (
    <button
      type="button"
      {...rest}
      className={look}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      aria-label={label ?? rest["aria-label"]}
      title={rest.title ?? label}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
