import "./viewer-menu.css";
import { useEffect, useRef, useState } from "react";
import { signOut } from "../api.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { useViewer } from "../session/viewer.ts";
import { words } from "../words.ts";
import { chooseTheme, chosenTheme, type Theme } from "./theme.ts";

const themes: { theme: Theme; icon: IconName }[] = [
  { theme: "system", icon: "screen" },
  { theme: "light", icon: "sun" },
  { theme: "dark", icon: "moon" },
];

/** Who one is, how the page looks, and the way out. */
export function ViewerMenu() {
  const viewer = useViewer();
  const [isOpen, setIsOpen] = useState(false);
  const [theme, setTheme] = useState(chosenTheme);
  const root = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!isOpen) return undefined;
    const close = (event: Event): void => {
      const isKey = event instanceof KeyboardEvent;
      if (isKey ? event.key !== "Escape" : root.current?.contains(event.target as Node)) return;
      setIsOpen(false);
      if (isKey && root.current?.contains(document.activeElement)) root.current.querySelector("button")?.focus();
    };
    addEventListener("pointerdown", close);
    addEventListener("keydown", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("keydown", close);
    };
  }, [isOpen]);

  const initials = viewer.name.slice(0, 2).toUpperCase();
  return (
    <div className="viewer-menu" ref={root}>
      <button type="button" className="avatar" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        <span className="hidden-text">{words.shell.viewer}</span> {initials}
      </button>
      {isOpen && (
        <div className="viewer-panel">
          <p className="wrap">
            <strong>{viewer.name}</strong>
            <br />
            <span className="muted small">
              {viewer.role.toLowerCase()}, {viewer.organization.name}
            </span>
          </p>
          <fieldset className="viewer-themes">
            <legend>{words.shell.theme}</legend>
            {themes.map(({ theme: one, icon }) => (
              <button
                key={one}
                type="button"
                aria-pressed={theme === one}
                onClick={() => {
                  chooseTheme(one);
                  setTheme(one);
                }}
              >
                <Icon name={icon} />
                {words.shell.themes[one]}
              </button>
            ))}
          </fieldset>
          <a href="/graphql" className="nav-link">
            <Icon name="external" />
            {words.shell.graphiql}
          </a>
          <button type="button" className="nav-link" onClick={signOut}>
            <Icon name="right" />
            {words.shell.signOut}
          </button>
        </div>
      )}
    </div>
  );
}
