import Markdown from "../parts/markdown.tsx";
import { Empty } from "../parts/states.tsx";
import { overviewWords as words } from "../words/overview.ts";
import type { Settings } from "./widget.ts";

/** What people wrote: Markdown, in which HTML is text. */
export default function Text({ settings }: { settings: Settings }) {
  const text = typeof settings["text"] === "string" ? settings["text"] : "";
  if (text.trim() === "") return <Empty text={words.textEmpty} icon="edit" />;
  return (
    <div className="card-body">
      <Markdown text={text} />
    </div>
  );
}
