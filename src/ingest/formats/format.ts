import type { EventDraft, Rejection } from "../event.ts";

/**
 * What one line of a log became.
 * - `events`: usually one; several for "message repeated N times" or a line that holds a batch, of which some may be
 *   refused (`rejections`).
 * - `ignored`: well-formed, but it reports no security event; the text says why. Counted apart from rejected lines.
 * - `rejection`: not a line of this format; `index` is the line number less one.
 */
export type ParsedLine =
  | { events: EventDraft[]; rejections?: Rejection[] }
  | { ignored: string }
  | { rejection: Rejection };

/** A parser remembers earlier lines of its file (year, repeated messages): use one for each file, in order. */
export type LineParser = (line: string, lineNumber: number) => ParsedLine;

export interface ParserOptions {
  /** The time of arrival, epoch ms. Later times are clamped to it. */
  now: number;
  /** The last time the file can speak of (its modification time), for lines without a year. Default: `now`. */
  latest?: number;
  /** IANA zone of times written without one. Default: UTC. Throws a RangeError if unknown. */
  timeZone?: string;
  /**
   * sshd: report every line about a failed attempt as a failed log-in, as tools that look at one line at a time do.
   * Default: false, one for each attempt.
   */
  everyLine?: boolean;
}

export interface LogFormat {
  name: string;
  /** One line for `vigil import --help`. */
  description: string;
  /** Bytes of the longest line that is read. Default: 64 KiB. */
  longestLine?: number;
  parser(options: ParserOptions): LineParser;
}

export function unparsed(lineNumber: number, expected: string): ParsedLine {
  const message = `line ${lineNumber} is not ${expected}`;
  return { rejection: { index: lineNumber - 1, code: "UNPARSED_LINE", message } };
}
