import "./shell.css";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { Button } from "../parts/button.tsx";
import { Mark } from "../parts/mark.tsx";
import { Toasts } from "../parts/toast.tsx";
import { useViewer } from "../session/viewer.ts";
import { words } from "../words.ts";
import { Connection } from "./connection.tsx";
import { Jump } from "./jump.tsx";
import { Navigation } from "./navigation.tsx";
import { Unread } from "./unread.tsx";
import { ViewerMenu } from "./viewer-menu.tsx";

/** Around every page: where one can go, how the connection stands, who one is. */
export function Shell({ children }: { children: ReactNode }) {
  const viewer = useViewer();
  const [path] = useLocation();
  const [isOpen, setIsOpen] = useState(false);
  const content = useRef<HTMLElement>(null);
  const before = useRef(path);

  // Another page: what was pressed is gone with the last one, or with the pages' list on a phone.
  useEffect(() => {
    const isLost = isOpen || document.activeElement === document.body;
    if (before.current !== path && isLost) content.current?.focus({ preventScroll: true });
    before.current = path;
    setIsOpen(false);
  }, [path]);

  return (
    <div className="shell">
      <a className="skip" href="#content">
        {words.shell.skip}
      </a>
      <header className="top no-print">
        <div className="top-menu">
          <Button
            kind="quiet"
            icon={isOpen ? "close" : "menu"}
            label={isOpen ? words.shell.closeNavigation : words.shell.openNavigation}
            onClick={() => setIsOpen(!isOpen)}
            aria-expanded={isOpen}
          />
        </div>
        <Link href="/" className="brand">
          <Mark />
          <span className="brand-name">{words.product}</span>
          <span className="brand-organization clip">{viewer.organization.name}</span>
        </Link>
        <Jump />
        <div className="top-end">
          <Connection />
          <Unread />
          <ViewerMenu />
        </div>
      </header>
      <aside className={isOpen ? "side side-open no-print" : "side no-print"}>
        <Navigation />
      </aside>
      <main ref={content} id="content" className="content" tabIndex={-1}>
        {children}
      </main>
      <Toasts />
    </div>
  );
}
