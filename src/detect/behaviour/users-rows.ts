/** Rows of people with roles, departments and criticalities, as a list or as CSV: read, or refused with the place and why. */
import { VigilError } from "../../errors.ts";
import { oneSpelling } from "../../user-name.ts";
import { criticalities } from "../risk/change.ts";

export interface UserRow {
  name?: string | null | undefined;
  email?: string | null | undefined;
  aliases?: readonly string[] | null | undefined;
  roles?: readonly string[] | null | undefined;
  department?: string | null | undefined;
  criticality?: number | null | undefined;
}

export interface UserFacts {
  /** What events may call the user: by the first, where nothing is known of any. */
  keys: string[];
  /** What else events call the same person: from now on all of it counts for the first of `keys`. */
  aliases?: string[];
  roles?: string[];
  department?: string;
  criticality?: number;
}

export interface RowFault {
  /** The first row is 1; of CSV that is the line after the header. */
  row: number;
  field: string;
  message: string;
}

const mostRoles = 50;
const mostAliases = 10;
const longest = 200; // characters
export const mostRows = 10_000;

export function readRows(rows: readonly UserRow[]): { users: UserFacts[]; rejected: RowFault[] } {
  const users: UserFacts[] = [];
  const rejected: RowFault[] = [];
  const firstRow = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    const fault = faultOf(row, firstRow);
    if (fault) {
      rejected.push({ row: index + 1, ...fault });
      continue;
    }
    const keys = keysOf(row);
    const aliases = row.aliases?.map(nameOf);
    for (const key of [...keys, ...(aliases ?? [])]) firstRow.set(key, index + 1);
    const { roles, department, criticality } = row;
    users.push({
      keys,
      ...(aliases ? { aliases } : {}),
      ...(roles ? { roles: roles.map((role) => role.trim()) } : {}),
      ...(department ? { department: department.trim() } : {}),
      ...(criticality == null ? {} : { criticality }),
    });
  }
  return { users, rejected };
}

function keysOf({ name, email }: UserRow): string[] {
  return [name, email].flatMap((key) => (key?.trim() ? [nameOf(key)] : []));
}

function nameOf(text: string): string {
  return oneSpelling(text.trim());
}

function faultOf(row: UserRow, firstRow: ReadonlyMap<string, number>): Omit<RowFault, "row"> | undefined {
  const { roles, department, criticality } = row;
  const keys = keysOf(row);
  if (keys.length === 0) return { field: "name", message: "A row names a user, by name or email as events do" };
  for (const [field, key] of Object.entries({ name: row.name, email: row.email })) {
    if (key && key.length > longest) return { field, message: `At most ${longest} characters` };
    const before = key ? firstRow.get(nameOf(key)) : undefined;
    if (before !== undefined) return { field, message: `Row ${before} is about the same user` };
  }
  const { aliases } = row;
  if (aliases && (aliases.length > mostAliases || aliases.some((one) => one.trim() === "" || one.length > longest)))
    return { field: "aliases", message: `There are at most ${mostAliases} aliases, of 1 to ${longest} characters` };
  const taken = aliases?.find((alias) => firstRow.has(nameOf(alias)));
  if (taken !== undefined)
    return { field: "aliases", message: `Row ${firstRow.get(nameOf(taken))} is about the same user` };
  if (aliases?.some((alias) => nameOf(alias) === keys[0]))
    return { field: "aliases", message: "An alias is another name than the user's own" };
  if (roles && (roles.length > mostRoles || roles.some((role) => role.trim() === "" || role.length > longest)))
    return { field: "roles", message: `There are at most ${mostRoles} roles, of 1 to ${longest} characters` };
  if (department && department.length > longest)
    return { field: "department", message: `At most ${longest} characters` };
  if (criticality != null && !criticalities.includes(criticality))
    return { field: "criticality", message: `A criticality is ${criticalities.join(", ")}` };
  return undefined;
}

const columns = ["name", "email", "aliases", "roles", "department", "criticality"];

/** CSV (RFC 4180) with a header; several roles are divided by `;`. Errors: BAD_USER_INPUT, where it is no table. */
export function readCsv(text: string): UserRow[] {
  const [header = [], ...lines] = fieldsOf(text.replace(/^\ufeff/, ""));
  const names = header.map((name) => name.trim().toLowerCase());
  const unknown = names.find((name) => !columns.includes(name));
  if (unknown !== undefined) refuse(`There is no column \`${unknown}\`, only ${columns.join(", ")}`);
  if (new Set(names).size < names.length) refuse("A column comes twice in the header");
  if (!names.includes("name") && !names.includes("email")) refuse("The header has a column name or email");
  return lines.map((line, index) => {
    if (line.length !== names.length)
      refuse(`Row ${index + 1} has ${line.length} fields; the header has ${names.length} columns`);
    const at = (name: string): string | undefined => line[names.indexOf(name)]?.trim() || undefined;
    const roles = at("roles")?.split(";");
    const aliases = at("aliases")?.split(";");
    const criticality = at("criticality");
    return {
      name: at("name"),
      email: at("email"),
      aliases,
      roles,
      department: at("department"),
      criticality: criticality === undefined ? undefined : Number(criticality),
    };
  });
}

function fieldsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  // A field, quoted or not, and what ends it.
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  while (field.lastIndex < text.length) {
    const from = field.lastIndex;
    const found = field.exec(text);
    if (!found) return refuse(`Row ${rows.length}: a quote is open or stands within a field, at character ${from + 1}`);
    row.push(found[1] === undefined ? (found[2] as string) : found[1].replaceAll('""', '"'));
    if (found[3] === ",") {
      if (field.lastIndex === text.length) row.push("");
      else continue;
    }
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

function refuse(message: string): never {
  throw new VigilError("BAD_USER_INPUT", message, { path: ["input", "csv"] });
}
