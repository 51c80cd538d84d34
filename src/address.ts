/** The canonical text of an IPv4 or IPv6 address (RFC 5952; IPv4-mapped IPv6 as IPv4), or undefined if it is none. */
export function canonicalAddress(text: string): string | undefined {
  if (text.length < 2 || text.length > 45) return undefined;
  if (isIPv4(text)) return text;
  if (!text.includes(":")) return undefined;
  const groups = parseIPv6(text);
  if (groups === undefined) return undefined;
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  return mapped ? ipv4Text(groups[6] as number, groups[7] as number) : formatIPv6(groups);
}

/** That of a text which may name a port as well: `203.0.113.7:51234`, `[2001:db8::1]:443`. */
export function addressBeforePort(text: string): string | undefined {
  const [, v6, v4] = /^(?:\[([^\]]+)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/.exec(text) ?? [];
  return canonicalAddress(v6 ?? v4 ?? text);
}

/** The /64, as text, that one customer of IPv6 has, of a canonical address; undefined: it is IPv4. */
export function networkOf(address: string): string | undefined {
  const groups = address.includes(":") ? parseIPv6(address) : undefined;
  return groups && `${formatIPv6([...groups.slice(0, 4), 0, 0, 0, 0])}/64`;
}

/** Four decimal numbers 0-255 without leading zeros, which some readers take for octal. */
function isIPv4(text: string): boolean {
  let parts = 1;
  let value = -1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46) {
      if (value < 0 || ++parts > 4) return false;
      value = -1;
    } else if (code >= 48 && code <= 57 && value !== 0) {
      value = (value < 0 ? 0 : value * 10) + code - 48;
      if (value > 255) return false;
    } else {
      return false;
    }
  }
  return parts === 4 && value >= 0;
}

function ipv4Text(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function parseIPv6(text: string): number[] | undefined {
  const gap = text.indexOf("::");
  if (gap < 0) {
    const groups = parseGroups(text);
    return groups?.length === 8 ? groups : undefined;
  }
  const head = gap === 0 ? [] : parseGroups(text.slice(0, gap));
  const rest = text.slice(gap + 2);
  const tail = rest === "" ? [] : parseGroups(rest);
  if (head === undefined || tail === undefined || head.length + tail.length > 7) return undefined;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

const hexGroup = /^[0-9a-f]{1,4}$/i;

function parseGroups(text: string): number[] | undefined {
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (hexGroup.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else if (i === parts.length - 1 && isIPv4(part)) {
      const [a, b, c, d] = part.split(".").map(Number) as [number, number, number, number];
      groups.push((a << 8) | b, (c << 8) | d);
    } else {
      return undefined;
    }
  }
  return groups;
}

/** Lower-case, no leading zeros, the longest run of two or more zero groups (the first of equals) written `::`. */
function formatIPv6(groups: number[]): string {
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && groups[i + run] === 0) run++;
    if (run > length) {
      start = i;
      length = run;
    }
    i += run;
  }
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}
