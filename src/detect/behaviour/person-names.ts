/** Names of people as far as kinship and colleagues show in them. They never leave this in clear but to be disguised. */
import { ofEvent } from "./of-event.ts";
import { remembered } from "./remembered.ts";

export interface PersonName {
  surname: string;
  /** Given name and surname. */
  full: string;
}

const titles: ReadonlySet<string> = new Set(
  "dr mr mrs ms miss mx prof jr sr ii iii iv md do rn lpn np pa phd dds dmd esq cna ma fnp aprn".split(" "),
);
const longest = 100; // characters

/** `Lee, Ann`, `Dr. Ann Lee`, `ann.lee@clinic.example`; undefined: not the name of a person, as far as one can tell. */
export function personName(text: string | undefined): PersonName | undefined {
  return text === undefined || text.length > longest ? undefined : known(text);
}

const known = remembered(4_000, readName);

function readName(text: string): PersonName | undefined {
  const [local = "", domain] = text.split("@");
  const plain = local.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const [before = "", after, more] = plain.split(",").map(wordsOf);
  if (more !== undefined && more.length > 0) return undefined;
  const turned = after !== undefined && after.length > 0;
  const handle = !plain.includes(" ") && !turned;
  const words = handle ? plain.split(/[._]/).map((word) => word.replace(/\d+$/, "")) : [...(after ?? []), ...before];
  if (domain !== undefined && !handle) return undefined;
  if (words.length < 2 || words.length > 4 || !words.every(isWord)) return undefined;
  const surname = words.at(-1) as string;
  if (surname.length < 2 || (words[0] as string).length < 2) return undefined;
  return { surname, full: `${words[0]} ${surname}` };
}

function wordsOf(text: string): string[] {
  const words = text.split(/\s+/).map((word) => word.replace(/\.$/, ""));
  return words.filter((word) => word !== "" && !titles.has(word.replaceAll(".", "")));
}

function isWord(word: string): boolean {
  return /^\p{L}[\p{L}'’-]*$/u.test(word);
}

/** The patient's, from the target, else from the attributes. */
export const patientName = ofEvent(({ target, attributes }): PersonName | undefined => {
  if (target?.patientId === undefined) return undefined;
  const told = personName(target.name);
  if (told) return told;
  const surname = textAt(attributes, "patient", ["last_name", "lastName", "family_name", "familyName", "surname"]);
  const given = textAt(attributes, "patient", ["first_name", "firstName", "given_name", "givenName"]);
  return surname === undefined ? undefined : personName(`${given ?? "unknown"} ${surname.trim()}`);
});

/** The user's, from the name, else from the address or the attributes. */
export const actorName = ofEvent(({ actor, attributes }): PersonName | undefined => {
  const told = personName(actor?.name) ?? personName(actor?.email);
  if (told) return told;
  const surname = textAt(attributes, "user", ["last_name", "lastName", "family_name", "familyName", "surname"]);
  return surname === undefined ? undefined : personName(`unknown ${surname.trim()}`);
});

function textAt(attributes: Record<string, unknown>, outer: string, names: readonly string[]): string | undefined {
  const inner = attributes[outer];
  for (const name of names) {
    const nested = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[name] : undefined;
    const value = attributes[`${outer}.${name}`] ?? nested;
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}
