import "./editor.css";
import { type ReactNode, useId, useRef } from "react";

interface EditorProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  readOnly?: boolean;
}

/** A field for YAML: the text is a plain text area, and its colours lie beneath it. */
export function Editor({ label, value, onChange, readOnly }: EditorProps) {
  const id = useId();
  const beneath = useRef<HTMLPreElement>(null);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="editor">
        <pre ref={beneath} aria-hidden="true">
          {value.split("\n").map((line, number) => (
            <span key={`${number}${line}`}>
              {colored(line)}
              {"\n"}
            </span>
          ))}
        </pre>
        <textarea
          id={id}
          value={value}
          readOnly={readOnly}
          spellCheck={false}
          wrap="off"
          rows={Math.min(34, Math.max(14, value.split("\n").length + 1))}
          onChange={(event) => onChange(event.target.value)}
          onScroll={(event) => {
            if (!beneath.current) return;
            beneath.current.scrollTop = event.currentTarget.scrollTop;
            beneath.current.scrollLeft = event.currentTarget.scrollLeft;
          }}
        />
      </div>
    </div>
  );
}

/** One line of YAML: key, value, comment. */
function colored(line: string): ReactNode {
  const [, before = "", key, rest = ""] = /^(\s*(?:- )*)([^\s#:'"][^#:]*:(?=\s|$))?(.*)$/.exec(line) ?? [];
  const comment = /(^|\s)#.*$/.exec(rest);
  const value = comment ? rest.slice(0, comment.index) : rest;
  const kind = /^\s*(['"]).*\1\s*$/.test(value)
    ? "text"
    : /^\s*(-?\d[\d.]*|true|false|null)\s*$/.test(value)
      ? "literal"
      : "";
  return (
    <>
      {before}
      {key && <span className="editor-key">{key}</span>}
      <span className={kind ? `editor-${kind}` : undefined}>{value}</span>
      {comment && <span className="editor-comment">{rest.slice(comment.index)}</span>}
    </>
  );
}
