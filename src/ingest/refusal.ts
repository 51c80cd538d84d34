import type { Rejection } from "./event.ts";

/**
 * Thrown while one event is read and caught in the same call, so that readers may return plain values.
 * No Error: a stack trace per bad event would make refusing dearer than accepting.
 */
export class Refusal {
  readonly code: string;
  readonly message: string;

  constructor(code: string, message: string) {
    this.code = code;
    this.message = message;
  }

  at(index: number): Rejection {
    return { index, code: this.code, message: this.message };
  }
}

/** Names the field and what it must be; never what was sent, which may be a patient's data. */
export function invalidField(path: string, expected: string): Refusal {
  return new Refusal("INVALID_FIELD", `${path} must be ${expected}`);
}
