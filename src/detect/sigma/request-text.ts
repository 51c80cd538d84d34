/**
 * What a web request says once it is decoded, so that a rule need not know every way to write a quote. Lower case,
 * decoded as often as an attacker may hope that somebody decodes it, blanks and SQL comments as one blank.
 */
import type { SecurityEvent } from "../../ingest/event.ts";

const longest = 8_192; // characters of one text; what lies beyond is not looked at
const rounds = 3; // an application that decodes more often than this is not known to us
const plainText = /^[a-z0-9/_.,:=&@ -]*$/;

/** Path, query, body and cookies, each decoded: what an application takes its input from. */
export const inputOf = remembered(({ http, attributes }: SecurityEvent): string[] | undefined => {
  const texts: string[] = [];
  if (http?.path) texts.push(decoded(http.path, false));
  if (http?.query) texts.push(decoded(http.query, true));
  const body = textAt(attributes, ["http.request.body.content", "http.request.body", "http.body"]);
  if (body) texts.push(decoded(body, true));
  const cookie = headerTexts(attributes, (name) => name === "cookie").join("; ");
  if (cookie) texts.push(decoded(cookie, false));
  return texts.length > 0 ? texts : undefined;
});

/** The same as a shell reads it: quotes, backslashes and carets gone, `${IFS}` a blank. */
export const commandOf = remembered((event: SecurityEvent): string[] | undefined => inputOf(event)?.map(unquoted));

/** The other headers of a request, agent and referrer among them, decoded. */
export const headersOf = remembered(({ http, userAgent, attributes }: SecurityEvent): string[] | undefined => {
  const texts = headerTexts(attributes, (name) => name !== "cookie").map((text) => decoded(text, false));
  if (userAgent) texts.push(decoded(userAgent, false));
  if (http?.referrer) texts.push(decoded(http.referrer, false));
  return texts.length > 0 ? texts : undefined;
});

/** Several rules ask for the same of one event, one after the other. */
function remembered(read: (event: SecurityEvent) => string[] | undefined): typeof read {
  let last: SecurityEvent | undefined;
  let found: string[] | undefined;
  return (event) => {
    if (event !== last) [found, last] = [read(event), event];
    return found;
  };
}

function textAt(attributes: Record<string, unknown>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

function headerTexts(attributes: Record<string, unknown>, wanted: (name: string) => boolean): string[] {
  const headers = attributes["http.request.headers"] ?? attributes["http.headers"];
  if (typeof headers !== "object" || headers === null) return [];
  const texts: string[] = [];
  for (const [name, value] of Object.entries(headers))
    if (wanted(name.toLowerCase()))
      for (const one of Array.isArray(value) ? value : [value]) if (typeof one === "string") texts.push(one);
  return texts;
}

/** `form`: a plus sign is a blank, as in queries and form bodies. */
export function decoded(sent: string, form: boolean): string {
  if (plainText.test(sent)) return sent;
  let text = sent.slice(0, longest);
  if (form) text = text.replaceAll("+", " ");
  for (let round = 0; round < rounds && text.includes("%"); round++) {
    const before = text;
    text = unpercent(text);
    if (text === before) break;
  }
  if (text.includes("\\")) text = text.replace(/\\(?:u\{?([0-9a-f]{2,4})\}?|x([0-9a-f]{2}))/gi, fromHex);
  if (text.includes("&"))
    text = text.replace(
      /&(?:#x0{0,4}([0-9a-f]{2,4})|#0{0,4}(\d{2,5})|(lt|gt|quot|apos|amp|colon|lpar|rpar|tab|newline));?/gi,
      entity,
    );
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll("\0", "")
    .replace(/\/\*!?\d*|\*\//g, (mark) => (mark === "*/" ? " " : " "))
    .replace(/[\s\u0085]+/g, " ");
}

const bytes = /(?:%[0-9a-f]{2})+/gi;

function unpercent(text: string): string {
  return text.replace(/%u([0-9a-f]{4})/gi, fromHex).replace(bytes, (run) => {
    // Two bytes where one would do: ways to write / . \ that strict decoders refuse and careless ones take.
    const short = run
      .replace(/%c0%([89a-f][0-9a-f])/gi, (_, low: string) => `%${twoDigits(Number.parseInt(low, 16) & 0x3f)}`)
      .replace(
        /%c1%([89a-f][0-9a-f])/gi,
        (_, low: string) => `%${twoDigits((Number.parseInt(low, 16) & 0x3f) | 0x40)}`,
      );
    const read = Buffer.from(short.replaceAll("%", ""), "hex");
    const utf8 = read.toString("utf8");
    return utf8.includes("\ufffd") ? read.toString("latin1") : utf8;
  });
}

function twoDigits(code: number): string {
  return code.toString(16).padStart(2, "0");
}

function fromHex(_: string, one?: string, other?: string): string {
  return String.fromCharCode(Number.parseInt(one ?? other ?? "20", 16));
}

const named: Record<string, string> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  amp: "&",
  colon: ":",
  lpar: "(",
  rpar: ")",
  tab: " ",
  newline: " ",
};

function entity(whole: string, hex?: string, decimal?: string, name?: string): string {
  if (name) return named[name.toLowerCase()] ?? whole;
  return String.fromCharCode(hex ? Number.parseInt(hex, 16) : Number(decimal));
}

function unquoted(text: string): string {
  return text.replace(/\$\{?ifs\}?(?:\$\d)?/g, " ").replace(/\$[@*]|["'\\^`]/g, "");
}
