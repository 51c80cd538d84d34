const unstorable = /[\0\ud800-\udfff]/; // quick, and only a hint: a proper surrogate pair matches too
const nulOrLoneSurrogate = /[\0\ud800-\udfff]/gu;

/** PostgreSQL's text and jsonb cannot hold U+0000 or half a surrogate pair: both become U+FFFD. */
export function cleanText(text: string): string {
  if (text.length < 64 && isPlain(text)) return text;
  return unstorable.test(text) ? text.replace(nulOrLoneSurrogate, "\ufffd") : text;
}

/** For short text a loop is faster than starting a regular expression. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || code >= 0xd800) return false;
  }
  return true;
}

/** At most `limit` bytes of UTF-8, never ending within a character. */
export function truncateBytes(text: string, limit: number): string {
  if (text.length * 3 <= limit || Buffer.byteLength(text) <= limit) return text;
  const bytes = Buffer.from(text);
  let end = limit;
  while (((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

/** At most `limit` UTF-16 units, never ending in half a surrogate pair. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? limit - 1 : limit);
}
