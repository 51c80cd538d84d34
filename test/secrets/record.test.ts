import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { keyIdBytes, keyIdOf, openRecord, sealRecord } from "../../src/secrets/record.ts";
import fc from "../support/property.ts";

const key = randomBytes(32);
const id = "01935b9c-0000-7000-8000-0123456789ab";

describe("C6 a sealed record", () => {
  it("gives back any data, under its place only", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), fc.string(), (data, place, other) => {
        const record = sealRecord(key, keyIdBytes(id), place, Buffer.from(data));
        expect(openRecord(key, place, record)).toEqual(Buffer.from(data));
        expect(keyIdOf(record)).toBe(id);
        if (other !== place) expect(() => openRecord(key, other, record)).toThrow(/does not open here/);
      }),
      { seed: 1 },
    );
  });

  it("is version, key id, nonce, tag and data, and does not open when any one bit of it is changed", () => {
    const record = sealRecord(key, keyIdBytes(id), "place", "secret");
    expect(record.length).toBe(1 + 16 + 12 + 16 + 6);
    expect(record[0]).toBe(1);
    for (let bit = 0; bit < record.length * 8; bit++) {
      const changed = Buffer.from(record);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => openRecord(key, "place", changed)).toThrow();
    }
    for (let length = 0; length < record.length; length++)
      expect(() => openRecord(key, "place", record.subarray(0, length))).toThrow();
  });

  it("has a nonce of its own every time", () => {
    const nonces = new Set<string>();
    for (let n = 0; n < 5_000; n++) nonces.add(sealRecord(key, keyIdBytes(id), "p", "x").toString("hex", 17, 29));
    expect(nonces.size).toBe(5_000);
  });
});
