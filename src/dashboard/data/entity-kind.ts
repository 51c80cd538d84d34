const kinds = ["ADDRESS", "API_KEY", "DEVICE", "HOST", "ROLE", "SERVICE", "USER"] as const;

/** Kinds of entities that subjects of incidents are, as the API names them. */
export type SubjectKind = (typeof kinds)[number];

/** Where an entity's page is. */
export function entityPath(kind: string, key: string): string {
  return `/entities/${kind.toLowerCase()}/${encodeURIComponent(key)}`;
}

/** What kind of entity a subject of an incident is: its kind says so, or the field it is from. Undefined: it has no page. */
export function entityKindOf(subject: string): SubjectKind | undefined {
  const known = kinds.find((kind) => kind === subject);
  if (known) return known;
  if (/(^|[._])ip$/.test(subject)) return "ADDRESS";
  if (/^(actor|user)([._](name|email|id))?$/.test(subject)) return "USER";
  return undefined;
}
