import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import {
  isSigned,
  makeWebhookSecret,
  publicHalf,
  secretFault,
  signatureOf,
  webhookHeaders,
} from "../../src/outbound/standard-webhook.ts";
import fc from "../support/property.ts";

const now = Date.now();

describe("N3 a message signed as Standard Webhooks has it", () => {
  it("is taken by the public reference library, with every secret that signs", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.uuid(), (body, id) => {
        const [old, current] = [makeWebhookSecret(), makeWebhookSecret()];
        const headers = webhookHeaders([current, old], id, now, body);
        for (const secret of [old, current])
          expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
        expect(() => new Webhook(makeWebhookSecret()).verify(body, headers)).toThrow();
        expect(() => new Webhook(current).verify(`${body} `, headers)).toThrow();
      }),
      { numRuns: 30 },
    );
  });

  it("may be signed with Ed25519, and is verified by the public half", () => {
    const secret = `whsk_${Buffer.alloc(32, 7).toString("base64")}`;
    const headers = webhookHeaders([secret], "msg_1", now, "{}");
    expect(headers["webhook-signature"]).toMatch(/^v1a,/);
    expect(isSigned(publicHalf(secret), headers, "{}", now)).toBe(true);
    expect(isSigned(publicHalf(secret), headers, "{ }", now)).toBe(false);
    const other = publicHalf(`whsk_${Buffer.alloc(32, 8).toString("base64")}`);
    expect(isSigned(other, headers, "{}", now)).toBe(false);
  });

  it("has a secret of a fit length", () => {
    expect(secretFault(makeWebhookSecret())).toBeUndefined();
    expect(secretFault(Buffer.alloc(24).toString("base64"))).toBeUndefined();
    expect(secretFault("whsec_c2hvcnQ=")).toBe("has 24 to 64 bytes");
    expect(secretFault("whsec_???")).toBe("is whsec_ or whsk_ and base64");
    expect(secretFault(`whsk_${Buffer.alloc(31).toString("base64")}`)).toBe("has an Ed25519 key of 32 or 64 bytes");
  });

  it("that the specification publishes has the same signature here", () => {
    const signature = signatureOf(
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      "msg_p5jXN8AQM9LWM0D4loKWxJek",
      1614265330,
      '{"test": 2432232314}',
    );
    expect(signature).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });
});

describe("the cases of the specification's own libraries", () => {
  const good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  const key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const whole = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: "1614265330", signature: good };
  it.each([
    ["a valid one", `whsec_${key}`, whole, 0, true],
    ["a secret without prefix", key, whole, 0, true],
    [
      "several signatures",
      key,
      { ...whole, signature: `v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= ${good}` },
      0,
      true,
    ],
    ["no id", key, { ...whole, id: undefined }, 0, false],
    ["no timestamp", key, { ...whole, at: undefined }, 0, false],
    ["no signature", key, { ...whole, signature: undefined }, 0, false],
    ["a wrong signature", key, { ...whole, signature: "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=" }, 0, false],
    ["garbage", key, { ...whole, signature: "v1,dawfeoifkpqwoekfpqoekf" }, 0, false],
    ["an empty signature", key, { ...whole, signature: "v1," }, 0, false],
    ["one of the future", key, whole, -301, false],
    ["one of the past", key, whole, 301, false],
  ] as const)("judge %s as they say", (_what, secret, { id, at, signature }, later, expected) => {
    const headers = { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature };
    const when = (1614265330 + later) * 1000;
    expect(isSigned(secret, headers, '{"test": 2432232314}', when)).toBe(expected);
  });
});
