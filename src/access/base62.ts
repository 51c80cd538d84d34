import { parse, stringify } from "uuid";

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const values = new Map([...digits].map((digit, value) => [digit, BigInt(value)]));

/** The bytes as one big-endian number in base 62, filled with zeros to `width` digits. */
export function toBase62(bytes: Uint8Array, width: number): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);
  let text = "";
  while (rest > 0n) {
    text = digits[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text.padStart(width, "0");
}

/** The inverse; undefined for a foreign digit, or a number that does not fit into `size` bytes. */
export function fromBase62(text: string, size: number): Buffer | undefined {
  let number = 0n;
  for (const digit of text) {
    const value = values.get(digit);
    if (value === undefined) return undefined;
    number = number * 62n + value;
  }
  if (number >> BigInt(size * 8)) return undefined;
  return Buffer.from(number.toString(16).padStart(size * 2, "0"), "hex");
}

/** A UUID in 22 digits. */
export const shortUuid = (id: string): string => toBase62(parse(id), 22);

/** The UUID that 22 digits say; undefined: none of RFC 9562. */
export function longUuid(text: string | undefined): string | undefined {
  const bytes = text?.length === 22 ? fromBase62(text, 16) : undefined;
  try {
    return bytes && stringify(bytes);
  } catch {
    return undefined;
  }
}
