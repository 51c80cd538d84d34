/** Faults of a Sigma text -> one error that tells them all. */
import { VigilError } from "../../errors.ts";

const most = 50; // told at once

/** BAD_USER_INPUT; `detail.userErrors` has one for each fault, with its line and its path in the text. */
export function refuseAll(faults: readonly { line?: number; path?: string; message: string }[]): VigilError {
  const messages = faults.slice(0, most).map(({ line, path, message }) => {
    const place = [line === undefined ? "" : `line ${line}`, path ?? ""].filter((part) => part !== "").join(", ");
    return place ? `${place}: ${message}` : message;
  });
  const path = ["input", "yaml"];
  const userErrors = messages.map((message) => ({ code: "BAD_USER_INPUT" as const, message, path }));
  return new VigilError("BAD_USER_INPUT", messages.join("\n"), { path, detail: { userErrors } });
}
