const unstorable = /[\0\ud800-\udfff]/; // quick, and only a hint: a proper surrogate pair matches too
const nulOrLoneSurrogate = /[\0\ud800-\udfff]/gu;

/** PostgreSQL's text and jsonb cannot hold U+0000 or half a surrogate pair: both become U+FFFD. */
export function cleanText(text: string): string {
  return unstorable.test(text) ? text.replace(nulOrLoneSurrogate, "\ufffd") : text;
}

/** At most `limit` UTF-16 units, never ending in half a surrogate pair. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? limit - 1 : limit);
}
