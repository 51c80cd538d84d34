/** Text as receivers can take it. */
import { truncate } from "../ingest/text.ts";

const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Without control characters and those that turn the direction of writing; lines stay. */
export function plainText(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(controls, "");
}

/** One line of at most so many characters. */
export function oneLine(text: string, most: number): string {
  const line = plainText(text).replace(/\s+/g, " ").trim();
  return line.length <= most ? line : `${truncate(line, most - 1).trimEnd()}…`;
}

const gsm7 =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const extended = "^{}\\[~]|€";

/** In how many parts a text goes out (3GPP TS 23.040): 160 septets or 153 a part, 70 units of 16 bits or 67 a part. */
export function segmentsOf(text: string): number {
  let septets = 0;
  for (const character of text) {
    if (gsm7.includes(character)) septets++;
    else if (extended.includes(character)) septets += 2;
    else return text.length <= 70 ? 1 : Math.ceil(text.length / 67);
  }
  return septets <= 160 ? 1 : Math.ceil(septets / 153);
}

/** Cut so that it takes two segments of SMS at most. A link in its last line is kept whole. */
export function fitSms(text: string): string {
  const plain = plainText(text)
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/[–—]/g, "-")
    .replace(/…/g, "...")
    .trim();
  if (fits(plain)) return plain;
  const link = /\n(https?:\/\/\S+)$/.exec(plain)?.[0] ?? "";
  const tail = fits(`...${link}`) ? link : "";
  const head = [...plain.slice(0, plain.length - tail.length)];
  let kept = 0;
  for (let low = 0, high = head.length; low <= high; ) {
    const middle = (low + high) >> 1;
    if (fits(`${head.slice(0, middle).join("")}...${tail}`)) {
      kept = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return `${head.slice(0, kept).join("").trimEnd()}...${tail}`;
}

const fits = (text: string): boolean => segmentsOf(text) <= 2;
