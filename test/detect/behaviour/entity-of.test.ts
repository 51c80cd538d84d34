import { describe, expect, it } from "vitest";
import { mayMake } from "../../../src/detect/behaviour/entity-of.ts";
import { type EventWish, event } from "../rules.ts";

const signIn = { action: "login", category: "AUTHENTICATION" } as const;
const reset = { action: "password.reset.requested", category: "AUTHENTICATION" } as const;

describe("a row of somebody new", () => {
  it.each<[string, EventWish, boolean]>([
    ["made by a success", { ...signIn, outcome: "SUCCESS" }, true],
    ["made by a new password", { ...reset, action: "password.reset.completed", outcome: "SUCCESS" }, true],
    ["not made by asking for a new password, though it succeeds", { ...reset, outcome: "SUCCESS" }, false],
    ["not made by a failure", { action: "record.read", category: "ACCESS", outcome: "FAILURE" }, false],
    ["made by a deed whose sender tells no outcome", { action: "record.read", category: "ACCESS" }, true],
    ["made by a log-in without an outcome that has a session", { ...signIn, sessionId: "s1" }, true],
    ["made by an API key without an outcome", { ...signIn, attributes: { "api_key.id": "k1" } }, true],
    ["not made by a log-in without an outcome that anybody may have tried", signIn, false],
    ["not made by asking for a new password", reset, false],
    ["not made by asking for one in a visitor's session", { ...reset, sessionId: "s1" }, false],
    ["not made by a sign-up under another category", { action: "user.signup", category: "OTHER" }, false],
  ])("is %s", (_, wish, expected) => {
    for (const kind of ["USER", "ADDRESS", "PATIENT", "ROLE", "API_KEY"] as const)
      expect(mayMake(kind, event(wish)), kind).toBe(expected);
    expect(mayMake("SERVICE", event(wish))).toBe(true);
  });
});
