import { VigilError } from "../errors.ts";

const controls = /[\u0000-\u001f\u007f]/;

/** A name that people read: trimmed, one line, 1 to 100 characters. */
export function readName(name: string): string {
  const text = name.trim();
  if (text === "" || text.length > 100 || controls.test(text)) {
    throw new VigilError("BAD_USER_INPUT", "A name has 1 to 100 characters, all on one line", { path: ["name"] });
  }
  return text;
}

/** An e-mail address in the one spelling that is stored: trimmed, lower case. */
export function readEmail(email: string): string {
  const text = email.trim().toLowerCase();
  if (text.length > 320 || controls.test(text) || !/^[^@\s]+@[^@\s]+$/.test(text)) {
    throw new VigilError("BAD_USER_INPUT", "An e-mail address looks like name@example.org", { path: ["email"] });
  }
  return text;
}
