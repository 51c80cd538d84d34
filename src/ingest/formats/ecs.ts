import type { LogFormat } from "./format.ts";
import { jsonLineParser } from "./json-line.ts";

export const ecs: LogFormat = {
  name: "ecs",
  description: "NDJSON of Elastic Common Schema documents",
  parser: jsonLineParser,
};
