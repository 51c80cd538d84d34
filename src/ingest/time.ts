const iso =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(Z|z|[+-]\d\d(?::?\d\d)?))?)?$/;
const epochText = /^\d{12,14}$/; // ms from 1973 to 5138: no other reading of such a number is likely
const seconds = { from: 1e9, to: 1e11 }; // since 1970, from 2001 on; in ms that would be 1970 to 1973
const latest = Date.UTC(10_000, 0, 1); // what ISO 8601 and PostgreSQL both write with four digits of year

/** Epoch ms of an ISO 8601 time (without zone: UTC), of epoch ms or seconds, or undefined if it is none of them. */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === "number") {
    const ms = value >= seconds.from && value < seconds.to ? value * 1_000 : value;
    return ms >= 0 && ms < latest ? Math.floor(ms) : undefined;
  }
  if (typeof value !== "string" || value.length > 40) return undefined;
  const plain = value.length === 24 ? plainTime(value) : undefined;
  if (plain !== undefined) return plain;
  const match = iso.exec(value);
  if (match === null) return epochText.test(value) ? Number(value) : undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction, zone] = match;
  const time = wallTime(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second));
  if (time === undefined) return undefined;
  const milliseconds = fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, "0"));
  const offset = zoneOffset(zone);
  if (offset === undefined) return undefined;
  const epoch = time + milliseconds - offset;
  return epoch >= 0 && epoch < latest ? epoch : undefined;
}

/** What toISOString writes, which is nearly every time that is sent, without a regular expression. */
function plainTime(text: string): number | undefined {
  const separators =
    text.charCodeAt(4) === 45 &&
    text.charCodeAt(7) === 45 &&
    text.charCodeAt(10) === 84 &&
    text.charCodeAt(13) === 58 &&
    text.charCodeAt(16) === 58 &&
    text.charCodeAt(19) === 46 &&
    text.charCodeAt(23) === 90;
  if (!separators) return undefined;
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)];
  const [hour, minute, second] = [digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19)];
  const milliseconds = digits(text, 20, 23);
  if (!(year >= 1970 && month + day + hour + minute + second + milliseconds >= 0)) return undefined; // one is NaN
  const time = wallTime(year, month, day, hour, minute, second);
  return time === undefined ? undefined : time + milliseconds;
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Epoch ms of a date and time read as UTC; undefined for a day or hour that does not exist. Second 60 is a leap second. */
export function wallTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** `Z`, `+01`, `+0100`, `+01:00` in ms east of UTC. */
export function zoneOffset(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = zone.length > 3 ? Number(zone.slice(-2)) : 0;
  if (hours > 15 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
