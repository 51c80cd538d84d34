import { expect, test } from "vitest";
import {
  type CredentialKind,
  formatCredential,
  hashSecret,
  parseCredential,
  sameHash,
} from "../../src/access/credential.ts";
import fc from "../support/property.ts";

const kinds: CredentialKind[] = ["ingest", "enforcer", "signin"];
const credentials = fc.record({ kind: fc.constantFrom(...kinds), organizationId: fc.uuid(), id: fc.uuid() });
const random = fc.uint8Array({ minLength: 24, maxLength: 24 });

test("every credential reads back, in one shape", () => {
  fc.assert(
    fc.property(credentials, random, (credential, bytes) => {
      const text = formatCredential(credential, bytes);
      expect(text).toMatch(/^vigil_(ingest|enforcer|signin)_[0-9A-Za-z]{83}$/);
      expect(parseCredential(text)).toEqual(credential);
    }),
  );
});

test("the smallest and the largest random part have the same length", () => {
  const id = "ffffffff-ffff-ffff-ffff-ffffffffffff";
  const none = "00000000-0000-0000-0000-000000000000";
  for (const fill of [0, 255]) {
    for (const [organizationId, keyId] of [
      [id, none],
      [none, id],
    ] as const) {
      const credential = { kind: "ingest" as const, organizationId, id: keyId };
      expect(parseCredential(formatCredential(credential, new Uint8Array(24).fill(fill)))).toEqual(credential);
    }
  }
});

test("one changed, missing, added or swapped character is noticed", () => {
  const letters = [..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"];
  fc.assert(
    fc.property(credentials, random, fc.nat(), fc.constantFrom(...letters), (credential, bytes, at, letter) => {
      const text = formatCredential(credential, bytes);
      const place = at % text.length;
      const changed = text.slice(0, place) + letter + text.slice(place + 1);
      if (changed !== text) expect(parseCredential(changed)).toBeUndefined();
      expect(parseCredential(text.slice(0, place) + text.slice(place + 1))).toBeUndefined();
      expect(parseCredential(text.slice(0, place) + letter + text.slice(place))).toBeUndefined();
      const [one, two] = [text[place], text[place + 1]];
      const swapped = text.slice(0, place) + two + one + text.slice(place + 2);
      if (two !== undefined && swapped !== text) expect(parseCredential(swapped)).toBeUndefined();
    }),
  );
});

test("any text at all is read without an error", () => {
  const nearly = fc.stringMatching(/^vigil_(ingest|enforcer|signin)_[0-9A-Za-z]{83}$/);
  fc.assert(fc.property(fc.oneof(fc.string(), nearly), (text) => parseCredential(text) === undefined));
});

test.each(["", "vigil_", "vigil_admin_", "Vigil_ingest_", `vigil_ingest_${"z".repeat(83)}`, "vigil_ingest_\n"])(
  "%j is no credential",
  (text) => expect(parseCredential(text)).toBeUndefined(),
);

test("two credentials of the same key differ in 192 random bits", () => {
  const credential = { kind: "ingest" as const, organizationId: crypto.randomUUID(), id: crypto.randomUUID() };
  const texts = Array.from({ length: 1000 }, () => formatCredential(credential));
  expect(new Set(texts).size).toBe(1000);
  expect(() => formatCredential(credential, new Uint8Array(20))).toThrow("24 random bytes");
});

test("hashes compare by value, and hashes of other lengths are other hashes", () => {
  expect(sameHash(hashSecret("a"), hashSecret("a"))).toBe(true);
  expect(sameHash(hashSecret("a"), hashSecret("b"))).toBe(false);
  expect(sameHash(hashSecret("a"), new Uint8Array())).toBe(false);
});
