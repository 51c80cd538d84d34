import "./jump.css";
import { type KeyboardEvent, useEffect, useId, useMemo, useState } from "react";
import { useLocation } from "wouter";
import type { ApiError } from "../api.ts";
import { useQuery } from "../data/use-query.ts";
import { JumpIncidentsDocument } from "../generated/graphql.ts";
import { pages } from "../pages.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { useViewer } from "../session/viewer.ts";
import { words } from "../words.ts";

interface Target {
  key: string;
  href: string;
  text: string;
  icon: IconName;
}

/** Ctrl-K: pages, incidents by number or words, entities by key. */
export function Jump() {
  const [isOpen, setIsOpen] = useState(false);

  useEffect(() => {
    const listen = (event: globalThis.KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setIsOpen((before) => !before);
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);

  return (
    <>
      <button type="button" className="jump" onClick={() => setIsOpen(true)}>
        <Icon name="search" />
        <span className="jump-text">{words.shell.jump}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Dialog open={isOpen} title={words.shell.jump} onClose={() => setIsOpen(false)}>
        <JumpList onDone={() => setIsOpen(false)} />
      </Dialog>
    </>
  );
}

/** A field that keeps the focus, and what it finds: chosen by arrows and Enter, or pressed. */
function JumpList({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [, go] = useLocation();
  const id = useId();
  const { targets, error, asks } = useTargets(text.trim());
  const current = targets[Math.min(at, targets.length - 1)];
  const currentId = current && `${id}-${current.key}`;

  useEffect(() => {
    if (currentId) document.getElementById(currentId)?.scrollIntoView({ block: "nearest" });
  }, [currentId]);

  function onKey(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) setAt((Math.min(at, targets.length - 1) + step + targets.length) % Math.max(targets.length, 1));
    else if (event.key === "Enter" && current) open(current);
    else return;
    event.preventDefault();
  }

  function open(target: Target): void {
    onDone();
    go(target.href);
  }

  return (
    <div className="jump-body">
      <input
        className="input"
        type="search"
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={currentId}
        aria-label={words.shell.jumpHint}
        placeholder={words.shell.jumpHint}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <div role="listbox" id={`${id}-list`} aria-label={words.shell.jump} className="jump-list">
        {targets.map((target) => (
          <button
            key={target.key}
            id={`${id}-${target.key}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={target === current}
            className="jump-option"
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => open(target)}
          >
            <Icon name={target.icon} />
            <span className="clip">{target.text}</span>
          </button>
        ))}
      </div>
      {error && (
        <p className="field-error" role="alert">
          {error.message}
        </p>
      )}
      {targets.length === 0 && !asks && !error && <p className="muted">{words.shell.jumpEmpty}</p>}
    </div>
  );
}

interface Targets {
  targets: Target[];
  error: ApiError | undefined;
  /** There may be more: incidents are being asked for. */
  asks: boolean;
}

/** Where the text may lead, the likeliest first. */
function useTargets(text: string): Targets {
  const { permissions } = useViewer();
  const number = /^#?(\d{1,9})$/.exec(text)?.[1];
  const mayFind = (text.length >= 2 || number !== undefined) && permissions.includes("incident.read");
  const filter = number ? { number: { eq: Number(number) } } : { words: { has: text } };
  const found = useQuery(JumpIncidentsDocument, mayFind ? { filter } : undefined, { anew: true });
  const incidents = found.data?.incidents.nodes;

  const targets = useMemo(() => {
    const lower = text.toLowerCase();
    const matching = pages.filter(
      ({ group, title, permission }) =>
        group && (!permission || permissions.includes(permission)) && title.toLowerCase().includes(lower),
    );
    const list: Target[] = matching.map(({ path, title, icon }) => ({ key: path, href: path, text: title, icon }));
    for (const { number: n, title } of incidents ?? []) {
      const name = `${words.shell.jumpIncident(n)}: ${title}`;
      list.push({ key: `incident-${n}`, href: `/incidents/${n}`, text: name, icon: "incident" });
    }
    if (text !== "" && !number) {
      const coded = encodeURIComponent(text);
      const search = { href: `/incidents?words=${coded}`, text: words.shell.jumpSearchIncidents(text) };
      list.push({ key: "search", ...search, icon: "search" });
      const entities = { href: `/entities?key=${coded}`, text: words.shell.jumpSearchEntities(text) };
      list.push({ key: "entities", ...entities, icon: "entity" });
    }
    return list;
  }, [text, number, permissions, incidents]);
  return { targets, error: found.error, asks: mayFind && !found.data && !found.error };
}
