/** Markdown that people write, as HTML that a page may show: HTML in it is text, and links lead to the web or mail only. */
import MarkdownIt from "markdown-it";

const markdown = new MarkdownIt({ html: false, linkify: false });
markdown.disable("image"); // nothing is fetched because somebody looks at a comment

export function htmlOf(text: string): string {
  return markdown.render(text);
}
