/** Marks in texts that nobody sees: whoever writes a name could have it read as another one. */

const unseen = /(?![\t\n\r])[\p{Cc}\p{Default_Ignorable_Code_Point}]/gu;
/** What emoji and some scripts are spelled with, behind one of their own characters. */
const joining = /\u200c|\u200d|[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/u;

/** The text with its unseen marks as their numbers, such as those that turn the direction of writing: `[U+202E]`. */
export function visible(text: string): string {
  return text.replace(unseen, (mark, at: number) => {
    if (joining.test(mark) && text.charCodeAt(at - 1) > 0x7f) return mark;
    return `[U+${mark.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`;
  });
}
