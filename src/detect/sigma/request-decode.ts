/** Texts of a web request without their encodings, in lower case. */

const pieceLength = 8_192; // characters that are decoded at once
const overlap = 1_024; // characters; what is no longer stands whole in one of two pieces
const rounds = 3; // an application that decodes more often than this is not known to us
const plainText = /^[a-z0-9/_.,:=&@ -]*$/;

/** A text in the pieces that it is decoded in; each begins before the end of the one before. */
export function piecesOf(sent: string): string[] {
  if (sent.length <= pieceLength || plainText.test(sent)) return [sent];
  const pieces: string[] = [];
  for (let from = 0; from + overlap < sent.length; from += pieceLength - overlap)
    pieces.push(sent.slice(from, from + pieceLength));
  return pieces;
}

/** `form`: a plus sign is a blank, as in queries and form bodies. Comments lose their marks and keep their text. */
export function decoded(sent: string, form: boolean): string {
  return unmarked(unwrapped(sent, form));
}

/** The same, and, where there are comments with text, once more without that text. */
export function decodings(sent: string, form: boolean): string[] {
  const text = unwrapped(sent, form);
  const marked = unmarked(text);
  if (!text.includes("/*")) return [marked];
  const bare = unmarked(withoutComments(text));
  return bare === marked ? [marked] : [marked, bare];
}

/** Each comment that has an end a blank; `/*!` begins none, for databases run what stands in it. */
export function withoutComments(text: string): string {
  let kept = "";
  let from = 0;
  let at = text.indexOf("/*");
  while (at >= 0) {
    if (text[at + 2] === "!") {
      at = text.indexOf("/*", at + 3);
      continue;
    }
    const end = text.indexOf("*/", at + 3); // one character at least stands between the marks
    if (end < 0) break;
    kept += `${text.slice(from, at)} `;
    from = end + 2;
    at = text.indexOf("/*", from);
  }
  return kept + text.slice(from);
}

/** Without the marks of comments, and with one blank for several. Most texts have neither. */
function unmarked(text: string): string {
  const bare = text.includes("*") ? text.replace(/\/\*!?\d*|\*\//g, " ") : text;
  return /[\t-\r\x80-\uffff]| {2}/.test(bare) ? bare.replace(/[\s\u0085]+/g, " ") : bare;
}

function unwrapped(sent: string, form: boolean): string {
  if (plainText.test(sent)) return sent;
  let text = form ? sent.replaceAll("+", " ") : sent;
  for (let round = 0; round < rounds; round++) {
    const before = text;
    if (text.includes("%")) text = unpercent(text);
    if (text.includes("\\")) text = text.replace(/\\(?:u\{?([0-9a-f]{2,4})\}?|x([0-9a-f]{2}))/gi, fromHex);
    if (text.includes("&")) text = text.replace(entities, entity);
    if (text === before) break;
  }
  return text.normalize("NFKC").toLowerCase().replaceAll("\0", "");
}

const bytes = /(?:%[0-9a-f]{2})+/gi;

/** Decodes `%41` and its kin once. */
export function unpercent(text: string): string {
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

const entities =
  /&(?:#x0{0,100}([0-9a-f]{2,4})|#0{0,100}(\d{2,5})|(lt|gt|quot|apos|amp|colon|lpar|rpar|lbrace|lcub|rbrace|rcub|lsqb|lbrack|rsqb|rbrack|dollar|sol|bsol|grave|semi|equals|num|tab|newline));?/gi;

const named: Record<string, string> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  amp: "&",
  colon: ":",
  lpar: "(",
  rpar: ")",
  lbrace: "{",
  lcub: "{",
  rbrace: "}",
  rcub: "}",
  lsqb: "[",
  lbrack: "[",
  rsqb: "]",
  rbrack: "]",
  dollar: "$",
  sol: "/",
  bsol: "\\",
  grave: "`",
  semi: ";",
  equals: "=",
  num: "#",
  tab: " ",
  newline: " ",
};

function entity(whole: string, hex?: string, decimal?: string, name?: string): string {
  if (name) return named[name.toLowerCase()] ?? whole;
  return String.fromCharCode(hex ? Number.parseInt(hex, 16) : Number(decimal));
}
