/**
 * Where a message says that the client is. The user name before it may contain anything, also ` from 1.2.3.4 port 22`,
 * so places are looked for from the end, where sshd writes them.
 */
export interface Place {
  /** The text before the place: the user's name. */
  before: string;
  host: string;
  port: number | undefined;
  /** The text after the place. */
  after: string;
}

const hostAndPort = /(\S{1,255})(?: port (\d{1,5}))?(?: ssh\d?)?(?=$|: )/y;
const hostWithPort = /(\S{1,255}) port (\d{1,5})(?=$|: )/y;

function read(pattern: RegExp, text: string, at: number, before: string): Place | undefined {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const port = match[2] === undefined ? undefined : Number(match[2]);
  return { before, host: match[1] as string, port, after: text.slice(pattern.lastIndex) };
}

/** The last `X from HOST[ port N][ ssh2]` whose remainder is as the server would write it. */
export function lastFrom(text: string, acceptsAfter: (after: string) => boolean): Place | undefined {
  for (let at = text.lastIndexOf(" from "); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(" from ", at - 1)) {
    const place = read(hostAndPort, text, at + 6, text.slice(0, at));
    if (place !== undefined && acceptsAfter(place.after)) return place;
  }
  return undefined;
}

/** The first `X from HOST port N ssh2: …`, for messages whose end is the attacker's and whose user is not. */
export function firstFrom(text: string): Place | undefined {
  for (let at = text.indexOf(" from "); at >= 0; at = text.indexOf(" from ", at + 1)) {
    const place = read(hostAndPort, text, at + 6, text.slice(0, at));
    if (place !== undefined) return place;
  }
  return undefined;
}

/** `HOST port N` or `HOST` at the very beginning. */
export function placeAtStart(text: string): Place | undefined {
  const place = /^(\S{1,255}?):? port (\d{1,5})(?!\d)|^(\S{1,255}?)(?=:?(?:\s|$))/.exec(text);
  if (place === null) return undefined;
  const [whole, host, port, alone] = place;
  return {
    before: "",
    host: (host ?? alone) as string,
    port: port === undefined ? undefined : Number(port),
    after: text.slice(whole.length),
  };
}

/** Every `X HOST port N` that could be the place, last first: for `invalid user X HOST port N[: why]`. */
export function placesAfterUser(text: string): Place[] {
  const places: Place[] = [];
  for (let port = text.lastIndexOf(" port "); port > 0; port = text.lastIndexOf(" port ", port - 1)) {
    const space = text.lastIndexOf(" ", port - 1);
    if (space < 0) break;
    const place = read(hostWithPort, text, space + 1, text.slice(0, space));
    if (place !== undefined) places.push(place);
  }
  return places;
}
