import { cloudtrail } from "./cloudtrail.ts";
import { combined } from "./combined.ts";
import { ecs } from "./ecs.ts";
import type { LogFormat } from "./format.ts";
import { okta } from "./okta.ts";
import { otlp } from "./otlp.ts";
import { sshd } from "./sshd.ts";
import { vigil } from "./vigil.ts";

/** Every format of `vigil import --format`. A new one is a file beside this and a line here. */
export const formats: ReadonlyMap<string, LogFormat> = new Map(
  [vigil, ecs, sshd, combined, cloudtrail, okta, otlp].map((format) => [format.name, format]),
);
