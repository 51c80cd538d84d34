/** An on-call schedule as iCalendar (RFC 5545): one event for each shift. */
import { createHash } from "node:crypto";
import type { Shift } from "./on-call.ts";

const longestLine = 75; // octets, without the line break: RFC 5545 §3.1

/** `shifts` without those on which nobody is on call; `nameOf` gives people's names. */
export function calendarOf(
  schedule: { id: string; name: string; updatedAt: Date },
  shifts: readonly Shift[],
  nameOf: (userId: string) => string,
): string {
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Vigil//On call//EN",
    "CALSCALE:GREGORIAN",
    `X-WR-CALNAME:${escaped(schedule.name)}`,
    "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    ...shifts.flatMap(({ userId, from, to }) =>
      userId === null
        ? []
        : [
            "BEGIN:VEVENT",
            `UID:${createHash("sha256").update(`${schedule.id} ${userId} ${from}`).digest("hex").slice(0, 32)}@vigil`,
            `DTSTAMP:${stamp(schedule.updatedAt.getTime())}`,
            `DTSTART:${stamp(from)}`,
            `DTEND:${stamp(to)}`,
            `SUMMARY:${escaped(`${nameOf(userId)} is on call (${schedule.name})`)}`,
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
          ],
    ),
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join("");
}

/** 20261124T091400Z. */
const stamp = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;

/** TEXT of RFC 5545 §3.3.11. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\\;,]/g, "\\$&")
    .replaceAll(/\r\n|\r|\n/g, "\\n")
    .replaceAll(/[\u0000-\u001f\u007f]/g, "");
}

/** Lines of at most 75 octets, none cut within a character. */
function folded(line: string): string {
  const pieces: string[] = [];
  let piece = "";
  for (const character of line) {
    if (Buffer.byteLength(piece + character) > longestLine) {
      pieces.push(piece);
      piece = " "; // it counts
    }
    piece += character;
  }
  return [...pieces, piece].join("\r\n");
}
