/** Whether a template is good, before it is stored: its language, what it asks for, its size and what comes of it. */
import { distance } from "fastest-levenshtein";
import { VigilError } from "../errors.ts";
import { type FieldClass, modelFields, sampleModel } from "./model.ts";
import { faultOf, longestPart, renderPart, type TemplateParts, variablesOf } from "./template.ts";
import { fieldsIn } from "./template-carries.ts";

const known = new Set<string>();
for (const path of Object.keys(modelFields)) {
  const parts = path.replaceAll("[]", "").split(".");
  for (let length = 1; length <= parts.length; length++) known.add(parts.slice(0, length).join("."));
}
const ends = new Set(["size", "first", "last"]);

/** The class of all it may carry. Errors: BAD_USER_INPUT, which says what is wrong and where. */
export function checkTemplate(parts: TemplateParts): FieldClass {
  const { subject, body, html } = parts;
  if (body.trim() === "") refuse("body", "A template has a body.");
  const classes = new Set<FieldClass>();
  for (const [name, text] of [
    ["subject", subject],
    ["body", body],
    ["html", html],
  ] as const) {
    if (text !== null) for (const one of checkPart(name, text)) classes.add(one);
  }
  return classes.has("PHI") ? "PHI" : classes.has("PII") ? "PII" : "SAFE";
}

function checkPart(name: string, text: string): FieldClass[] {
  const isHtml = name === "html";
  if (text.length > longestPart) refuse(name, `It has ${text.length} characters; ${longestPart} are allowed.`);
  let asked: string[];
  try {
    asked = variablesOf(text, isHtml);
  } catch (error) {
    return refuse(name, placed(error));
  }
  for (const path of asked) {
    if (!isKnown(path)) refuse(name, `There is no variable "${path}".${suggestion(path)}`);
  }
  try {
    renderPart(text, sampleModel(), { html: isHtml, strict: true });
  } catch (error) {
    refuse(name, placed(error));
  }
  try {
    return fieldsIn(text, isHtml).map((one) => one.class);
  } catch {
    return refuse(name, "What a loop runs over is a list by its name, as `incident.subjects`.");
  }
}

function isKnown(path: string): boolean {
  const parts = path.split(".");
  return known.has(path) || (ends.has(parts.at(-1) as string) && known.has(parts.slice(0, -1).join(".")));
}

function suggestion(path: string): string {
  const [nearest] = [...known].sort((one, other) => distance(path, one) - distance(path, other));
  return nearest !== undefined && distance(path, nearest) <= Math.max(3, path.length / 2)
    ? ` Did you mean "${nearest}"?`
    : "";
}

function placed(error: unknown): string {
  const { message, line, column } = faultOf(error);
  return line === null ? `${message}.` : `Line ${line}, column ${column}: ${message}.`;
}

function refuse(part: string, message: string): never {
  throw new VigilError("BAD_USER_INPUT", message, { path: ["input", part] });
}
