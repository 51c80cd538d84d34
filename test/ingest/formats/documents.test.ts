/** Audit logs whose line is a product's document: it is kept whole, and what it means is told beside it. */
import { describe, expect, it } from "vitest";
import { builtinRules } from "../../../src/detect/builtin.ts";
import { compileRules } from "../../../src/detect/compile.ts";
import { createDetector } from "../../../src/detect/detector.ts";
import { stamp } from "../../../src/ingest/accept.ts";
import type { EventDraft } from "../../../src/ingest/event.ts";
import type { LogFormat } from "../../../src/ingest/formats/format.ts";
import { formats } from "../../../src/ingest/formats/formats.ts";

const now = Date.UTC(2026, 10, 28, 12);
const read = (format: string, line: unknown) => formats.get(format)?.parser({ now })(JSON.stringify(line), 1);

/** The one event of a document. */
function one(format: string, document: unknown): EventDraft {
  const [event] = (read(format, document) as { events: EventDraft[] }).events;
  return event as EventDraft;
}

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

  /** What a session of a role says of who it is. */
  const sessionOf = (role: string, name: string) => ({
    type: "AssumedRole",
    principalId: `AROAEXAMPLE:${name}`,
    arn: `arn:aws:sts::111122223333:assumed-role/${role}/${name}`,
    sessionContext: { sessionIssuer: { type: "Role", userName: role } },
  });

  it.each([
    ["of IAM Identity Center", sessionOf("AWSReservedSSO_Admin_0a1b2c3d4e5f6a7b", "ann"), "ann"],
    ["called by an address", sessionOf("Doctors", "ann@clinic.example"), "ann@clinic.example"],
    [
      "of a broker",
      { arn: "arn:aws:sts::111122223333:federated-user/ann@clinic.example", userName: "broker" },
      "ann@clinic.example",
    ],
    ["of an instance", sessionOf("WebServer", "i-0abcd1234ef567890"), "WebServer"],
  ])("tells the people of one role apart: a session %s", (_what, userIdentity, name) => {
    expect(one("cloudtrail", { eventName: "GetObject", userIdentity }).actor).toEqual({ id: userIdentity.arn, name });
  });

  const signIn = { eventSource: "signin.amazonaws.com", eventName: "ConsoleLogin", sourceIPAddress: "203.0.113.9" };

  it("knows nobody by the name that AWS hides, and root by its account", () => {
    const responseElements = { ConsoleLogin: "Failure" };
    const userIdentity = { type: "Unknown", principalId: "111122223333", userName: "HIDDEN_DUE_TO_SECURITY_REASONS" };
    const stranger = one("cloudtrail", { ...signIn, responseElements, userIdentity });
    expect(stranger).toMatchObject({ action: "ConsoleLogin", category: "AUTHENTICATION", outcome: "FAILURE" });
    expect(stranger.actor).toBeUndefined();
    const arn = "arn:aws:iam::111122223333:root";
    const root = one("cloudtrail", { ...signIn, responseElements, userIdentity: { type: "Root", arn } });
    expect([root.outcome, root.actor]).toEqual(["FAILURE", { id: arn }]);
  });

  it("tells of a failed sign-in at IAM Identity Center that it failed, and whose it is where AWS says so", () => {
    const wrong = { ...signIn, eventName: "CredentialVerification", userIdentity: { type: "Unknown", arn: "" } };
    const details = (serviceEventDetails: object, more: object = {}) =>
      one("cloudtrail", { ...wrong, serviceEventDetails, ...more });
    expect(details({ CredentialVerification: "Failure" })).toMatchObject({
      category: "AUTHENTICATION",
      outcome: "FAILURE",
    });
    const userIdentity = { type: "IdentityCenterUser", arn: "", onBehalfOf: { userId: "94d0" } };
    const additionalEventData = { UserName: "ann@clinic.example" };
    const entered = details({ UserAuthentication: "Success" }, { userIdentity, additionalEventData });
    expect([entered.outcome, entered.actor]).toEqual(["SUCCESS", { id: "94d0", name: "ann@clinic.example" }]);
    expect(details({ UserAuthentication: "Success" }, { userIdentity }).actor).toEqual({ id: "94d0" });
  });

  it("takes the account that a nameless sign-in is told of for nobody", () => {
    const userIdentity = { type: "Unknown", principalId: "111122223333", arn: "", accountId: "111122223333" };
    const serviceEventDetails = { CredentialVerification: "Failure" };
    const of = (identity: object) =>
      one("cloudtrail", { ...signIn, serviceEventDetails, userIdentity: identity }).actor;
    expect(of(userIdentity)).toBeUndefined();
    expect(of({ ...userIdentity, userName: "ann" })).toEqual({ name: "ann" });
    expect(of({ ...userIdentity, principalId: "9267e4a2b3" })).toEqual({ id: "9267e4a2b3" });
  });

  it("tells of a log-in at Cognito whose it is, not who asked for it, and that a wrong password is a failed log-in", () => {
    const cognito = (eventName: string, more: object) =>
      one("cloudtrail", {
        eventSource: "cognito-idp.amazonaws.com",
        eventName,
        userIdentity: sessionOf("Portal", "portal-7"),
        additionalEventData: { sub: "87a42a58" },
        ...more,
      });
    const wrong = { errorCode: "NotAuthorizedException", requestParameters: { challengeName: "PASSWORD_VERIFIER" } };
    expect(cognito("RespondToAuthChallenge", wrong)).toMatchObject({
      action: "login",
      category: "AUTHENTICATION",
      outcome: "FAILURE",
      actor: { id: "87a42a58" },
    });
    const nobody = { errorCode: "UserNotFoundException", additionalEventData: null };
    expect(cognito("AdminInitiateAuth", nobody)).toMatchObject({ category: "AUTHENTICATION", outcome: "FAILURE" });
    expect(cognito("AdminInitiateAuth", nobody).actor).toBeUndefined();
    const code = { errorCode: "CodeMismatchException", requestParameters: { challengeName: "EMAIL_OTP" } };
    expect(cognito("RespondToAuthChallenge", code).action).toBe("RespondToAuthChallenge");
    expect(cognito("AdminCreateUser", {}).actor).toMatchObject({ name: "Portal" });
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
            actor: { id: "00u1", name: "ada@clinic.example", email: "ada@clinic.example" },
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

  it("knows users by their log-ins: namesakes are two, and nobody is called as Okta calls who it does not know", () => {
    const actorOf = (actor: object) => one("okta", { eventType: "user.session.start", actor }).actor;
    const namesakes = ["ann.doe", "ann.doe2"].map((alternateId) => actorOf({ alternateId, displayName: "Ann Doe" }));
    expect(namesakes).toEqual([{ name: "ann.doe" }, { name: "ann.doe2" }]);
    expect(actorOf({ id: "unknown", alternateId: "admin", displayName: "unknown" })).toEqual({ name: "admin" });
    expect(actorOf({ id: "0oa1", alternateId: "Unknown", displayName: "Bot" })).toEqual({ id: "0oa1", name: "Bot" });
    expect(actorOf({ id: "unknown", alternateId: "unknown", displayName: "UNKNOWN" })).toBeUndefined();
  });

  it.each([
    ["policy.lifecycle.update", "CONFIGURATION"],
    ["policy.evaluate_sign_on", "OTHER"],
    ["system.api_token.create", "CONFIGURATION"],
    ["system.email.send_factor_verify_message", "OTHER"],
    ["system.import.user.create", "OTHER"],
  ])("takes for changed settings what somebody changed, not what Okta does by itself: %s", (eventType, category) => {
    expect(one("okta", { eventType }).category).toBe(category);
  });

  it("has no session where a log-in failed: all of those would be one", () => {
    const authenticationContext = { externalSessionId: "unknown" };
    const outcome = { result: "FAILURE" };
    const failed = one("okta", { eventType: "user.session.start", outcome, authenticationContext });
    expect(failed).toMatchObject({ category: "AUTHENTICATION", outcome: "FAILURE" });
    expect(failed.sessionId).toBeUndefined();
  });
});

describe("Okta's Identity Engine", () => {
  interface Told {
    user?: string;
    factor?: string;
    result?: string;
    seconds?: number;
  }

  /** A password as it is told of: as a factor, and as a session that starts or does not. */
  function password(request: string, { user = "ada", factor, result = "FAILURE", seconds = 0 }: Told = {}) {
    const common = {
      actor: { id: `00u-${user}`, type: "User", alternateId: `${user}@clinic.example` },
      client: { ipAddress: "203.0.113.7" },
      outcome: { result, reason: "INVALID_CREDENTIALS" },
      transaction: { type: "WEB", id: request },
    };
    const published = (ms: number) => new Date(Date.UTC(2026, 10, 28, 11, 59, seconds, ms)).toISOString();
    const debugContext = { debugData: { factor: factor ?? "PASSWORD_AS_FACTOR", factorIntent: "AUTHENTICATION" } };
    const eventType = "user.authentication.auth_via_mfa";
    return [
      { ...common, uuid: `${request}-${user}-1`, published: published(460), eventType, debugContext },
      { ...common, uuid: `${request}-${user}-2`, published: published(463), eventType: "user.session.start" },
    ] as const;
  }

  /** The events of a file. */
  function eventsOf(...lines: unknown[]): EventDraft[] {
    const parse = (formats.get("okta") as LogFormat).parser({ now });
    return lines.flatMap((line, n) => (parse(JSON.stringify(line), n + 1) as { events: EventDraft[] }).events);
  }
  const deedsOf = (...lines: unknown[]) => eventsOf(...lines).map(({ action, outcome }) => `${action} ${outcome}`);
  const [factor, session] = password("r1");
  const detail = "login.detail UNKNOWN";

  it("tells of a wrong password as a factor that failed: it is a failed log-in", () => {
    expect(deedsOf(factor)).toEqual(["login FAILURE"]);
    expect(eventsOf(factor)).toMatchObject([{ category: "AUTHENTICATION", attributes: factor }]);
  });

  it("counts it once where a session that did not start tells of it, too, whichever comes first", () => {
    expect(deedsOf(factor, session)).toEqual(["login FAILURE", detail]);
    expect(deedsOf(session, factor)).toEqual(["user.session.start FAILURE", detail]);
    expect(deedsOf([factor, session])).toEqual([detail, "user.session.start FAILURE"]);
    expect(deedsOf({ events: [session, factor] })).toEqual(["user.session.start FAILURE", detail]);
    const ofAgent = { ...factor, eventType: "user.authentication.auth_via_AD_agent", debugContext: {} };
    expect(deedsOf([ofAgent, session])).toEqual([detail, "user.session.start FAILURE"]);
  });

  it("takes the passwords of two requests, or of two users, for two", () => {
    expect(deedsOf(factor, ...password("r2"))).toEqual(["login FAILURE", "login FAILURE", detail]);
    expect(deedsOf(factor, password("r1", { user: "bob" })[1])).toEqual([
      "login FAILURE",
      "user.session.start FAILURE",
    ]);
  });

  it("takes what Okta does not know for no request", () => {
    const of = ([one, other]: ReturnType<typeof password>, requestId: string) => {
      const transaction = { id: "unknown" };
      const debugContext = { debugData: { ...one.debugContext.debugData, requestId } };
      return [
        { ...one, transaction, debugContext },
        { ...other, transaction, debugContext },
      ] as const;
    };
    const [first, start] = of(password("r1"), "q1");
    expect(deedsOf(first, start, of(password("r2"), "q2")[1])).toEqual([
      "login FAILURE",
      detail,
      "user.session.start FAILURE",
    ]);
  });

  it("has other factors, and passwords that were right, under their own names", () => {
    const own = "user.authentication.auth_via_mfa";
    expect(deedsOf(password("r1", { factor: "OKTA_VERIFY_PUSH" })[0])).toEqual([`${own} FAILURE`]);
    expect(deedsOf(...password("r1", { result: "SUCCESS" }))).toEqual([`${own} SUCCESS`, "user.session.start SUCCESS"]);
  });

  /** The names of the rules that find something in the lines of a file. */
  async function foundIn(...lines: unknown[]): Promise<string[]> {
    const rules = builtinRules().map(({ yaml }, n) => ({
      id: `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`,
      revision: 1,
      mode: "ACTIVE" as const,
      yaml,
    }));
    const events = stamp(eventsOf(...lines), now);
    const { detections } = await createDetector({ ruleSet: compileRules(rules).ruleSet }).evaluate(events);
    return detections.map(({ ruleName }) => ruleName);
  }

  it.each([
    ["pushes that were denied", "OKTA_VERIFY_PUSH", 5, "Flood of requests to confirm a log-in"],
    ["wrong codes", "OKTA_SOFT_TOKEN", 10, "Guessing of second-factor codes"],
  ])("is seen by the rules on second factors: %s", async (_, factor, count, rule) => {
    const told = (times: number) =>
      Array.from({ length: times }, (_, n) => password(`r${n}`, { factor, seconds: n * 5 })[0]);
    expect(await foundIn(...told(count - 1))).toEqual([]);
    expect(await foundIn(...told(count))).toEqual([rule]);
  });

  it.each([
    ["an event a line", false],
    ["a page", true],
  ])("is seen by the rules that count failed log-ins: ten for one account, not nine (%s)", async (_, isPage) => {
    const found = async (count: number) => {
      const told = Array.from({ length: count }, (_, n) => password(`r${n}`, { seconds: n * 5 })).flat();
      return await foundIn(...(isPage ? [told] : told));
    };
    expect(await found(9)).toEqual([]);
    expect(await found(10)).toEqual(["Brute force on one account"]);
  });
});
