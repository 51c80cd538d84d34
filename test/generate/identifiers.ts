/** Texts as people and programs write them, each holding one identifier. Knows nothing of how they are looked for. */
import fc from "../support/property.ts";

const digits = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((list) => list.join(""));
const one = (...texts: string[]) => fc.constantFrom(...texts);
const pad = (value: number): string => String(value).padStart(2, "0");

const names = one("Mary", "Mr. Smith", "the patient", "Ms Ortiz", "pt", "J. Doe");
const before = one(
  "",
  "",
  "Called by ",
  "Note: ",
  "update record for ",
  "err=422 body=",
  "[intake] ",
  "user said: ",
  '{"v":"',
  "(",
  "re ",
);
const after = one(
  "",
  "",
  ".",
  ", please verify",
  '"}',
  ")",
  "; room 4",
  " at 10:15",
  "\nthanks",
  " -- sent from portal",
);

const ssn = fc
  .tuple(fc.integer({ min: 1, max: 899 }), fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 9999 }))
  .map(([area, group, serial]) => [String(area).padStart(3, "0"), pad(group), String(serial).padStart(4, "0")]);
const ssnText = fc.oneof(
  fc.tuple(ssn, one("-", "-", "-", " ")).map(([parts, sign]) => parts.join(sign)),
  fc
    .tuple(
      one("SSN ", "ssn: ", "SSN=", "Social Security Number: ", "social security no. ", "ssn is ", '"ssn":"', "SSN#"),
      ssn,
      one("", "-"),
    )
    .map(([label, parts, sign]) => label + parts.join(sign)),
);

const mrnText = fc
  .tuple(
    one(
      "MRN ",
      "MRN: ",
      "MRN#",
      "mrn=",
      "Medical Record Number: ",
      "medical record no. ",
      "med rec # ",
      "patient id: ",
      "PatientID=",
      "Patient No ",
      "chart number ",
      "Chart #",
      '"mrn": "',
      "patient_id=",
      "mrn is ",
    ),
    one("", "", "A", "MR-", "H", "ME"),
    fc.integer({ min: 5, max: 10 }).chain(digits),
  )
  .map(([label, prefix, number]) => label + prefix + number);

const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const dobText = fc
  .tuple(
    one(
      "DOB ",
      "DOB: ",
      "dob=",
      "D.O.B. ",
      "Date of Birth: ",
      "date of birth ",
      "birth date ",
      "birthdate: ",
      "born ",
      "born on ",
      "Birthday ",
      '"dob":"',
      "date_of_birth=",
    ),
    fc.integer({ min: 1930, max: 2025 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 28 }),
    fc.integer({ min: 0, max: 9 }),
  )
  .map(([label, year, month, day, style]) => {
    const name = monthNames[month - 1] as string;
    const styles = [
      `${year}-${pad(month)}-${pad(day)}`,
      `${pad(month)}/${pad(day)}/${year}`,
      `${month}/${day}/${year}`,
      `${month}/${day}/${pad(year % 100)}`,
      `${pad(day)}.${pad(month)}.${year}`,
      `${pad(month)}-${pad(day)}-${year}`,
      `${name} ${day}, ${year}`,
      `${name.slice(0, 3)} ${day} ${year}`,
      `${day} ${name.slice(0, 3)} ${year}`,
      `${year}${pad(month)}${pad(day)}`,
    ];
    return label + styles[style];
  });

const emailText = fc
  .tuple(
    one("mary.smith", "j_doe", "o'brien", "x", "first.last+clinic", "1984mary", "MARY", "a-b"),
    one("@", "@", "@", "%40"),
    one("example.com", "mail.clinic.org", "gmail.com", "sub-domain.health.co.uk", "x.io", "EXAMPLE.COM", "123.com"),
  )
  .map((parts) => parts.join(""));

const phoneText = fc
  .tuple(
    fc.integer({ min: 200, max: 989 }),
    fc.integer({ min: 200, max: 999 }),
    fc.integer({ min: 0, max: 9999 }),
    fc.integer({ min: 0, max: 9 }),
  )
  .map(([area, exchange, line, style]) => {
    const last = String(line).padStart(4, "0");
    const styles = [
      `${area}-${exchange}-${last}`,
      `(${area}) ${exchange}-${last}`,
      `(${area})${exchange}-${last}`,
      `${area}.${exchange}.${last}`,
      `${area} ${exchange} ${last}`,
      `+1${area}${exchange}${last}`,
      `+1 ${area} ${exchange} ${last}`,
      `1-${area}-${exchange}-${last}`,
      `phone: ${area}${exchange}${last}`,
      `+44 20 7${String(exchange).slice(0, 3)} ${last}`,
    ];
    return styles[style] as string;
  });

const within = (identifier: fc.Arbitrary<string>) =>
  fc
    .tuple(before, fc.option(names, { nil: "", freq: 2 }), identifier, after)
    .map(([start, name, text, end]) => `${start}${name}${name ? " " : ""}${text}${end}`);

/** Texts with one identifier, by its kind. */
export const identifierTexts = {
  SSN: within(ssnText),
  MRN: within(mrnText),
  DOB: within(dobText),
  EMAIL: within(emailText),
  PHONE: within(phoneText),
} as const;
