import "./back.css";
import { Link } from "wouter";
import { Icon } from "./icon.tsx";

/** The way back to the list that a page belongs to. */
export function Back({ href, children }: { href: string; children: string }) {
  return (
    <Link href={href} className="back small no-print">
      <Icon name="left" size={14} />
      {children}
    </Link>
  );
}
