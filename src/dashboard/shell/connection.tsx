import "./connection.css";
import { useSyncExternalStore } from "react";
import { connectionState } from "../api.ts";
import { words } from "../words.ts";

/** Whether what is shown is live: a dot and a word. */
export function Connection() {
  const state = useSyncExternalStore(connectionState.listen, connectionState.get);
  return (
    <span
      className={`connection connection-${state.toLowerCase()}`}
      role="status"
      title={words.shell.connection[state]}
    >
      <span className="connection-dot" aria-hidden="true" />
      <span className="connection-word">{words.shell.connection[state].split(":")[0]}</span>
    </span>
  );
}
