/** Audit logs whose line is a product's document: it is kept whole, and what it means is told beside it. */
import { describe, expect, it } from "vitest";
import { formats } from "../../../src/ingest/formats/formats.ts";

const now = Date.UTC(2026, 10, 28, 12);
const read = (format: string, line: unknown) => formats.get(format)?.parser({ now })(JSON.stringify(line), 1);

const denied = {
  eventVersion: "1.09",
  userIdentity: { type: "IAMUser", arn: "arn:aws:iam::111122223333:user/ada", userName: "ada" },
  eventTime: "2026-11-28T11:00:00Z",
  eventSource: "iam.amazonaws.com",
  eventName: "AttachUserPolicy",
  sourceIPAddress: "203.0.113.9",
  userAgent: "aws-cli/2.13",
  errorCode: "AccessDenied",
  errorMessage: "User is not authorized",
  requestParameters: { policyArn: "arn:aws:iam::aws:policy/AdministratorAccess" },
  responseElements: null,
  readOnly: false,
  resources: [{ ARN: "arn:aws:iam::111122223333:user/ada", type: "AWS::IAM::User" }],
  eventID: "7f3b2c",
};

describe("CloudTrail", () => {
  it("says who did what from where, and how it ended", () => {
    expect(read("cloudtrail", denied)).toEqual({
      events: [
        {
          clientId: "7f3b2c",
          time: Date.UTC(2026, 10, 28, 11),
          logsource: { product: "aws", service: "cloudtrail" },
          action: "AttachUserPolicy",
          category: "AUTHORIZATION",
          outcome: "FAILURE",
          actor: { id: "arn:aws:iam::111122223333:user/ada", name: "ada" },
          source: { ip: "203.0.113.9" },
          userAgent: "aws-cli/2.13",
          target: { type: "AWS::IAM::User", id: "arn:aws:iam::111122223333:user/ada" },
          message: "User is not authorized",
          attributes: denied,
        },
      ],
      rejections: [],
    });
  });

  it("is read from files as they are delivered, too; a service of AWS has no address", () => {
    const byService = { eventName: "Decrypt", sourceIPAddress: "cloudtrail.amazonaws.com", readOnly: true };
    const failed = { eventSource: "signin.amazonaws.com", responseElements: { ConsoleLogin: "Failure" } };
    const file = read("cloudtrail", { Records: [denied, byService, failed, "no"] });
    expect(file).toMatchObject({
      events: [
        { clientId: "7f3b2c" },
        { category: "ACCESS", outcome: "SUCCESS", attributes: byService },
        { category: "AUTHENTICATION", outcome: "FAILURE" },
      ],
      rejections: [{ index: 0, code: "INVALID_EVENT" }],
    });
    expect(file).not.toHaveProperty("events.1.source");
  });
});

describe("Okta", () => {
  it("says who did what from where, and how it ended", () => {
    const failed = {
      uuid: "9d2",
      published: "2026-11-28T11:00:00.250Z",
      eventType: "user.authentication.auth_via_mfa",
      displayMessage: "Authentication of user via MFA",
      severity: "WARN",
      actor: { id: "00u1", type: "User", alternateId: "ada@clinic.example", displayName: "Ada" },
      client: { ipAddress: "2001:DB8::1", userAgent: { rawUserAgent: "Firefox" } },
      outcome: { result: "DENY", reason: "INVALID_CREDENTIALS" },
      authenticationContext: { externalSessionId: "s1" },
      target: [{ id: "00a", type: "AppInstance", displayName: "Portal" }],
    };
    for (const line of [failed, [failed]]) {
      expect(read("okta", line)).toEqual({
        events: [
          {
            clientId: "9d2",
            time: Date.UTC(2026, 10, 28, 11, 0, 0, 250),
            logsource: { product: "okta", service: "okta" },
            action: "user.authentication.auth_via_mfa",
            category: "AUTHENTICATION",
            outcome: "FAILURE",
            actor: { id: "00u1", name: "Ada", email: "ada@clinic.example" },
            source: { ip: "2001:db8::1" },
            userAgent: "Firefox",
            sessionId: "s1",
            target: { type: "AppInstance", id: "00a", name: "Portal" },
            message: "Authentication of user via MFA",
            attributes: failed,
          },
        ],
        rejections: [],
      });
    }
  });
});
