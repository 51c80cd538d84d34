import "./prose.css";
import { visible } from "./visible.ts";

/** HTML that the API or our own renderer made of Markdown, in which all HTML was text. Nothing else may come here. */
export function Html({ safe }: { safe: string }) {
  // Made by markdown-it with html off; the content policy stops scripts besides
  return <div className="prose" dangerouslySetInnerHTML={{ __html: visible(safe) }} />;
}
