import { Button } from "../../parts/button.tsx";
import { overviewWords as words } from "../../words/overview.ts";
import type { Panel } from "./panel.ts";
import { download, exportText } from "./transfer.ts";

/** What is asked for in a dialog. */
export type Asked = "new" | "add" | "share" | "remove";

interface BoardToolsProps {
  name: string;
  panels: readonly Panel[];
  /** The dashboard; undefined: the overview that ships. */
  stored: { id: string; shared: boolean; viewerCanUpdate: boolean } | undefined;
  isArranged: boolean;
  mayShare: boolean;
  onAsk: (asked: Asked) => void;
  onArrange: (arranged: boolean) => void;
}

/** The buttons of a dashboard: whoever may not change it makes a copy of their own. */
export function BoardTools({ name, panels, stored, isArranged, mayShare, onAsk, onArrange }: BoardToolsProps) {
  const isTheirs = stored?.viewerCanUpdate ?? false;
  return (
    <div className="row push no-print">
      {isTheirs && isArranged && (
        <>
          <Button icon="plus" onClick={() => onAsk("add")}>
            {words.addWidget}
          </Button>
          <Button kind="danger" onClick={() => onAsk("remove")}>
            {words.remove}
          </Button>
        </>
      )}
      {stored && !stored.shared && mayShare && (
        <Button kind="quiet" onClick={() => onAsk("share")}>
          {words.share}
        </Button>
      )}
      {stored && (
        <Button kind="quiet" onClick={() => download(`${name}.json`, exportText(name, panels))}>
          {words.exportFile}
        </Button>
      )}
      <Button kind="quiet" onClick={() => onAsk("new")}>
        {stored?.shared ? words.copy : words.newDashboard}
      </Button>
      <Button
        kind={isArranged ? "primary" : "plain"}
        icon={isArranged ? "check" : "edit"}
        onClick={() => (isTheirs ? onArrange(!isArranged) : onAsk("new"))}
      >
        {isArranged && isTheirs ? words.done : words.arrange}
      </Button>
    </div>
  );
}
