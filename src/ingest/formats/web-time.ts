import { parseTime, wallTime, zoneOffset } from "../time.ts";
import { monthNumber } from "./year.ts";

const common = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4})[: ](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})? ([+-]\d{4})$/;
const nginxError = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)$/;
const apacheError = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d{1,9})? (\d{4})$/;

/** `10/Oct/2000:13:55:36 -0700`, or ISO 8601, as an access log writes it between brackets. */
export function accessTimeReader(): (text: string) => number | undefined {
  let lastText = "";
  let lastTime: number | undefined; // most lines share their second with the one before
  return (text) => {
    if (text !== lastText) {
      lastText = text;
      lastTime = readCommon(text) ?? parseTime(text);
    }
    return lastTime;
  };
}

function readCommon(text: string): number | undefined {
  const match = common.exec(text);
  if (match === null) return undefined;
  const [, day, month = "", year, hour, minute, second, zone] = match;
  const wall = timeOf(year, monthNumber(month), day, hour, minute, second);
  const offset = zoneOffset(zone);
  return wall === undefined || offset === undefined ? undefined : wall - offset;
}

/** The times of error logs have no zone: what these return is the wall clock read as UTC. */
export function nginxErrorTime(text: string): number | undefined {
  const match = nginxError.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  return timeOf(year, Number(month), day, hour, minute, second);
}

export function apacheErrorTime(text: string): number | undefined {
  const match = apacheError.exec(text);
  if (match === null) return undefined;
  const [, month = "", day, hour, minute, second, year] = match;
  return timeOf(year, monthNumber(month), day, hour, minute, second);
}

function timeOf(
  year: string | undefined,
  month: number | undefined,
  ...rest: (string | undefined)[]
): number | undefined {
  const [day, hour, minute, second] = rest.map(Number) as [number, number, number, number];
  return month === undefined ? undefined : wallTime(Number(year), month, day, hour, minute, second);
}
