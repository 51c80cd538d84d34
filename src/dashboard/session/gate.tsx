import "./gate.css";
import type { ReactNode } from "react";
import { Mark } from "../parts/mark.tsx";

/** The page before the dashboard: one card in the middle. */
export function Gate({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <main className="gate">
      <section className="gate-card card">
        <Mark size={36} />
        <h1>{title}</h1>
        <p className="muted">{lead}</p>
        {children}
      </section>
    </main>
  );
}
