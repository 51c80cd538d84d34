import { expect, test } from "vitest";
import { codeOf, matchingStep, otpauthUri, stepOf, toBase32 } from "../../src/access/totp.ts";

const seed = (length: number): Buffer => Buffer.from("1234567890".repeat(7).slice(0, length));

// RFC 6238, Appendix B.
test.each([
  [59, "94287082", "46119246", "90693936"],
  [1_111_111_109, "07081804", "68084774", "25091201"],
  [1_111_111_111, "14050471", "67062674", "99943326"],
  [1_234_567_890, "89005924", "91819424", "93441116"],
  [2_000_000_000, "69279037", "90698825", "38618901"],
  [20_000_000_000, "65353130", "77737706", "47863826"],
])("RFC 6238: the codes of second %i", (seconds, sha1, sha256, sha512) => {
  const step = stepOf(seconds * 1000);
  expect(codeOf(seed(20), step, 8, "sha1")).toBe(sha1);
  expect(codeOf(seed(32), step, 8, "sha256")).toBe(sha256);
  expect(codeOf(seed(64), step, 8, "sha512")).toBe(sha512);
});

// RFC 4226, Appendix D.
test("RFC 4226: the first ten codes of 6 digits", () => {
  const expected = "755224 287082 359152 969429 338314 254676 287922 162583 399871 520489".split(" ");
  expect(expected.map((_, counter) => codeOf(seed(20), counter))).toEqual(expected);
});

test("a code is good one step early or late, and never twice", () => {
  const now = 1_700_000_000_000;
  const step = stepOf(now);
  const match = (of: number, lastStep = 0) => matchingStep(seed(20), codeOf(seed(20), of), now, lastStep);
  expect([-2, -1, 0, 1, 2].map((off) => match(step + off))).toEqual([undefined, step - 1, step, step + 1, undefined]);
  expect(match(step, step)).toBeUndefined();
  expect(match(step - 1, step)).toBeUndefined();
  expect(match(step + 1, step)).toBe(step + 1);
  for (const code of ["", "12345", "1234567", "abcdef", "１２３４５６"]) {
    expect(matchingStep(seed(20), code, now, 0)).toBeUndefined();
  }
});

// RFC 4648, section 10, without padding.
test.each([
  ["", ""],
  ["f", "MY"],
  ["fo", "MZXQ"],
  ["foo", "MZXW6"],
  ["foob", "MZXW6YQ"],
  ["fooba", "MZXW6YTB"],
  ["foobar", "MZXW6YTBOI"],
])("RFC 4648: %j in base 32", (text, expected) => {
  expect(toBase32(Buffer.from(text))).toBe(expected);
});

test("an account's name cannot change the address it is in", () => {
  const uri = new URL(otpauthUri(seed(20), "ada+x@example.org?secret=A&x"));
  expect(uri.searchParams.getAll("secret")).toEqual([toBase32(seed(20))]);
});
