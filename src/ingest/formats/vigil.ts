import type { LogFormat } from "./format.ts";
import { jsonLineParser } from "./json-line.ts";

export const vigil: LogFormat = {
  name: "vigil",
  description: "NDJSON of events in Vigil's own shape",
  parser: jsonLineParser,
};
