/** AWS CloudTrail (docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html). */
import { canonicalAddress } from "../../address.ts";
import { isObject, type JsonObject } from "../json.ts";
import { parseTime } from "../time.ts";
import { documentLineParser, textAt } from "./document-line.ts";
import type { LogFormat } from "./format.ts";

const signInService = "signin.amazonaws.com";

/** Of services that are about who may come in or do what. Others: reading is an access, the rest changes something. */
const categories = new Map([
  [signInService, "AUTHENTICATION"],
  ["sts.amazonaws.com", "AUTHENTICATION"],
  ["sso.amazonaws.com", "AUTHENTICATION"],
  ["cognito-idp.amazonaws.com", "AUTHENTICATION"],
  ["iam.amazonaws.com", "AUTHORIZATION"],
  ["organizations.amazonaws.com", "AUTHORIZATION"],
]);

const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"; // in place of a user name that nobody has
/** A session, by its role or by the user that a broker asked it for. */
const session = /:(?:assumed-role\/([^/]+)|federated-user)\/([^/]+)$/;

/** A role is many people's: where its sessions are called after them, they are told apart. */
function nameOf(record: JsonObject): string | undefined {
  const identity = record.userIdentity;
  const [, role = "", name = ""] = session.exec(textAt(identity, "arn") ?? "") ?? [];
  if (role.startsWith("AWSReservedSSO_") || name.includes("@")) return name; // IAM Identity Center, or an address
  return (
    textAt(identity, "userName") ??
    textAt(identity, "sessionContext", "sessionIssuer", "userName") ??
    textAt(record, "additionalEventData", "UserName") // at IAM Identity Center's own sign-in
  );
}

/** Log-ins at Cognito: the caller is nobody, or the customer's own server. */
const cognitoLogIn = /^(?:Admin)?(?:InitiateAuth|RespondToAuthChallenge)$/;

/** The principal, where that is somebody: of a sign-in without a name it is the whole account. */
function principalOf(identity: unknown): string | undefined {
  const principal = textAt(identity, "principalId");
  const isUnknown = textAt(identity, "type") === "Unknown";
  return isUnknown && (principal === "Anonymous" || principal === textAt(identity, "accountId"))
    ? undefined
    : principal;
}

function actorOf(record: JsonObject): JsonObject {
  const identity = record.userIdentity;
  if (cognitoLogIn.test(textAt(record, "eventName") ?? "")) return { id: textAt(record, "additionalEventData", "sub") };
  const name = nameOf(record);
  const id = textAt(identity, "arn") ?? textAt(identity, "onBehalfOf", "userId");
  if (name === hidden) return { id }; // the principal is the whole account then
  return { id: id ?? principalOf(identity), name };
}

/** A sign-in that failed has no error: its answer says so, or the details of IAM Identity Center's. */
function failed(record: JsonObject): boolean {
  if (textAt(record, "errorCode") !== undefined) return true;
  if (record.eventSource !== signInService) return false;
  const answers = [record.responseElements, record.serviceEventDetails].filter(isObject);
  return answers.flatMap((answer) => Object.values(answer)).includes("Failure");
}

/** A wrong password at Cognito is the answer to a challenge: a failed log-in by whatever name. */
function actionOf(record: JsonObject): string {
  const name = textAt(record, "eventName") ?? "cloudtrail";
  if (!cognitoLogIn.test(name) || !failed(record)) return name;
  return textAt(record, "requestParameters", "challengeName")?.startsWith("PASSWORD") ? "login" : name;
}

export function cloudtrailMeaning(record: JsonObject): JsonObject {
  const source = textAt(record, "eventSource");
  const address = canonicalAddress(textAt(record, "sourceIPAddress") ?? ""); // or the name of a service of AWS
  const [resource] = Array.isArray(record.resources) ? (record.resources as unknown[]) : [];
  const isReading = record.readOnly === true || record.readOnly === "true";
  return {
    id: textAt(record, "eventID"),
    time: parseTime(record.eventTime),
    logsource: { product: "aws", service: "cloudtrail" },
    action: actionOf(record),
    category: categories.get(source ?? "") ?? (isReading ? "ACCESS" : "CONFIGURATION"),
    outcome: failed(record) ? "FAILURE" : "SUCCESS",
    actor: actorOf(record),
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
