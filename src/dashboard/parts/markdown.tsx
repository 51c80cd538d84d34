import "./prose.css";
import MarkdownIt from "markdown-it";
import { useMemo } from "react";
import { Html } from "./html.tsx";

const markdown = new MarkdownIt({ html: false, linkify: false });
markdown.disable("image"); // nothing is fetched because somebody looks

/** Markdown as a page may show it: HTML in it is text. In a chunk of its own, for few pages show any. */
export default function Markdown({ text }: { text: string }) {
  return <Html safe={useMemo(() => markdown.render(text), [text])} />;
}
