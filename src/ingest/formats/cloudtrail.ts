/** AWS CloudTrail (docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html). */
import { canonicalAddress } from "../address.ts";
import { isObject, type JsonObject } from "../json.ts";
import { parseTime } from "../time.ts";
import { documentLineParser, textAt } from "./document-line.ts";
import type { LogFormat } from "./format.ts";

/** Of services that are about who may come in or do what. Others: reading is an access, the rest changes something. */
const categories = new Map([
  ["signin.amazonaws.com", "AUTHENTICATION"],
  ["sts.amazonaws.com", "AUTHENTICATION"],
  ["sso.amazonaws.com", "AUTHENTICATION"],
  ["cognito-idp.amazonaws.com", "AUTHENTICATION"],
  ["iam.amazonaws.com", "AUTHORIZATION"],
  ["organizations.amazonaws.com", "AUTHORIZATION"],
]);

export function cloudtrailMeaning(record: JsonObject): JsonObject {
  const source = textAt(record, "eventSource");
  const address = canonicalAddress(textAt(record, "sourceIPAddress") ?? ""); // or the name of a service of AWS
  const identity = record.userIdentity;
  const error = textAt(record, "errorCode");
  const signIn = textAt(record, "responseElements", "ConsoleLogin");
  const [resource] = Array.isArray(record.resources) ? (record.resources as unknown[]) : [];
  const isReading = record.readOnly === true || record.readOnly === "true";
  return {
    id: textAt(record, "eventID"),
    time: parseTime(record.eventTime),
    logsource: { product: "aws", service: "cloudtrail" },
    action: textAt(record, "eventName") ?? "cloudtrail",
    category: categories.get(source ?? "") ?? (isReading ? "ACCESS" : "CONFIGURATION"),
    outcome: error !== undefined || signIn === "Failure" ? "FAILURE" : "SUCCESS",
    actor: {
      id: textAt(identity, "arn") ?? textAt(identity, "principalId"),
      name: textAt(identity, "userName") ?? textAt(identity, "sessionContext", "sessionIssuer", "userName"),
    },
    source: { ip: address },
    userAgent: textAt(record, "userAgent"),
    target: {
      type: textAt(resource, "type") ?? source,
      id: isObject(resource) ? (textAt(resource, "ARN") ?? textAt(resource, "arn")) : undefined,
    },
    message: textAt(record, "errorMessage"),
  };
}

export const cloudtrail: LogFormat = {
  name: "cloudtrail",
  description: "AWS CloudTrail, its files as they are delivered or a record a line",
  longestLine: 52_428_800, // 50 MiB: a file is one line
  parser: (options) => documentLineParser(cloudtrailMeaning, "Records", options),
};
