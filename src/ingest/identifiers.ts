/**
 * Finds what identifies a person in free text: social security numbers, medical record numbers, dates of birth, e-mail
 * addresses and telephone numbers. Rather one too many than one too few. Every repetition is bounded, so the time is
 * linear in the text's length.
 */
export const identifierKinds = ["SSN", "MRN", "DOB", "EMAIL", "PHONE"] as const;
export type IdentifierKind = (typeof identifierKinds)[number];

const months = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\\.?";
const day = "(?:[12]\\d|3[01]|0?[1-9])(?:st|nd|rd|th)?";
const someYear = "(?:\\d{4}|\\d{2})";
const birthYear = "(?:19\\d\\d|200\\d|201[0-5])"; // dates of logs are later
const dates = (year: string): string =>
  [
    `${year}[-/. ]?(?:0?[1-9]|1[0-2])[-/. ]?(?:[12]\\d|3[01]|0?[1-9])`, // 1984-03-09, 19840309
    `\\d{1,2} ?[-/.] ?\\d{1,2} ?[-/.] ?${year}`, // 3/9/1984, 09.03.1984
    `${months}[ -]?${day},?[ -]?${year}`, // March 9, 1984
    `${day}[ -.]{0,2}(?:of )?${months},?[ -]?${year}`, // 9 Mar 1984
  ].join("|");
const start = "(?<![\\d.-])";
const end = "(?![\\d])";
const label = (words: string): string => `(?<![a-z])(?:${words})(?![a-z])`;

const patterns: readonly (readonly [IdentifierKind, RegExp])[] = [
  ["SSN", /(?<![\d-])\d{3}[-. \u2010-\u2013]\d{2}[-. \u2010-\u2013]\d{4}(?![\d-])/],
  [
    "SSN",
    new RegExp(`${label("ssn|soc(?:ial)?[ ._-]?sec(?:urity)?|ss ?#")}\\D{0,20}\\d{3}\\D?\\d{2}\\D?\\d{4}${end}`, "i"),
  ],
  [
    "MRN",
    new RegExp(
      `${label("mrn|medical[ ._-]?rec(?:ord)?|med ?rec|(?:patient|pt|chart|record)[ ._-]?(?:id|no|num|number|nr|#)")}[^a-z0-9]{0,4}(?:(?:no|num|number|nr|id|is|was|of)[^a-z0-9]{0,3}){0,2}[a-z]{0,6}[-_/]?\\d[\\d-]{2,19}`,
      "i",
    ),
  ],
  ["MRN", /(?<![a-z\d])(?:mrn[-_:#]?|(?:patient|chart|record|med rec) ?#)[a-z]{0,6}[-_/]?\d{3,20}/i],
  [
    "DOB",
    new RegExp(
      `${label("d\\.?o\\.?b\\.?|birth[ ._-]?(?:date|day)|date[ ._-]?of[ ._-]?birth|born")}.{0,16}?(?:${dates(someYear)})${end}`,
      "is",
    ),
  ],
  ["DOB", new RegExp(`${start}(?:${dates(birthYear)})${end}`, "i")],
  ["PHONE", /(?<![\d.-])(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\d])/],
  ["PHONE", /\+[1-9]\d{0,2}(?:[-. ()/]{0,2}\d){6,13}(?!\d)/],
  [
    "PHONE",
    new RegExp(
      `${label("tel|phone|telephone|mobile|cell|fax|call(?:ed)?|contact")}.{0,12}?\\(?\\d(?:[-. ()/]{0,2}\\d){6,13}${end}`,
      "is",
    ),
  ],
];

const domain = /[a-z\d\u00a1-\uffff][a-z\d\u00a1-\uffff-]{0,62}(?:\.[a-z\d\u00a1-\uffff-]{1,63}){1,8}/iy;

/** An `@` (also as `%40`, and after a mailbox) with a domain behind it. */
function hasEmail(text: string): boolean {
  for (const sign of ["@", "%40"]) {
    for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + sign.length)) {
      domain.lastIndex = at + sign.length;
      if (at > 0 && !/[\s<>@(),;:]/.test(text[at - 1] as string) && domain.test(text)) return true;
    }
  }
  return false;
}

/** The kinds of identifier that the text seems to hold. */
export function identifiersIn(text: string): Set<IdentifierKind> {
  const found = new Set<IdentifierKind>();
  if (hasEmail(text)) found.add("EMAIL");
  if (!/\d/.test(text)) return found; // all others have digits
  for (const [kind, pattern] of patterns) if (!found.has(kind) && pattern.test(text)) found.add(kind);
  return found;
}

/**
 * Whether the text, or any text within the value, holds one. What stands under a name reads like text behind it:
 * `{ "ssn": 123456789 }` like "ssn 123456789", in a list or nested (`{ "patient": { "id": 4711 } }`) as well.
 */
export function holdsIdentifier(value: unknown, name = ""): boolean {
  if (typeof value === "string") return identifiersIn(name === "" ? value : `${name} ${value}`).size > 0;
  if (typeof value === "number") return name !== "" && identifiersIn(`${name} ${value}`).size > 0; // no text; its name decides
  if (Array.isArray(value)) return value.some((one) => holdsIdentifier(one, name));
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(
    ([key, inner]) => holdsIdentifier(key) || holdsIdentifier(inner, name === "" ? key : `${name}.${key}`),
  );
}
