import "./panel.css";
import { type ReactNode, useId } from "react";
import type { Tone } from "./badge.tsx";
import { Icon, type IconName } from "./icon.tsx";

interface PanelProps {
  title: string;
  /** What it is, for whoever sees it for the first time. */
  lead?: string;
  /** Filters and buttons beside the title. */
  tools?: ReactNode;
  children: ReactNode;
}

/** A part of a page with a head of its own. */
export function Panel({ title, lead, tools, children }: PanelProps) {
  const id = useId();
  return (
    <section className="card panel" aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {tools}
        {lead && <p className="muted small panel-lead">{lead}</p>}
      </header>
      {children}
    </section>
  );
}

interface NoticeProps {
  tone: Tone;
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** How things stand, in a sentence at the top of a page, and what to do about it. */
export function Notice({ tone, icon, title, children, action }: NoticeProps) {
  return (
    <div className={`notice notice-${tone}`} role="status">
      <Icon name={icon} />
      <div>
        <strong>{title}</strong>
        {children && <div className="muted">{children}</div>}
      </div>
      {action}
    </div>
  );
}
