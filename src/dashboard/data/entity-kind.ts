const kinds = ["ADDRESS", "API_KEY", "DEVICE", "HOST", "ROLE", "SERVICE", "USER"] as const;

/** Kinds of entities that subjects of incidents are, as the API names them. */
export type SubjectKind = (typeof kinds)[number];

/**
 * Where an entity's page is. A `%` is coded twice, for the router decodes a path once before `useParam` does; so are names
 * of dots, which a browser would take for the way up.
 */
export function entityPath(kind: string, key: string): string {
  const coded = key.replaceAll("%", "%25").replace(/^\.{1,2}$/, (dots) => dots.replaceAll(".", "%2E"));
  return `/entities/${kind.toLowerCase()}/${encodeURIComponent(coded)}`;
}

/** What kind of entity a subject of an incident is: its kind says so, or the field it is from. Undefined: it has no page. */
export function entityKindOf(subject: string): SubjectKind | undefined {
  const known = kinds.find((kind) => kind === subject);
  if (known) return known;
  if (/(^|[._])ip$/.test(subject)) return "ADDRESS";
  if (/^(actor|user)([._](name|email|id))?$/.test(subject)) return "USER";
  return undefined;
}
