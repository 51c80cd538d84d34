/** Kinds of entities that subjects of incidents are, as the API names them. */
type EntityKind = "ADDRESS" | "USER" | "HOST" | "DEVICE";

/** Where an entity's page is. */
export function entityPath(kind: string, key: string): string {
  return `/entities/${kind.toLowerCase()}/${encodeURIComponent(key)}`;
}

/** What kind of entity a subject of an incident is; undefined: none that has a page. */
export function entityKindOf(subject: string): EntityKind | undefined {
  if (/(^|[._])ip$/.test(subject)) return "ADDRESS";
  if (/^(actor|user)([._](name|email|id))?$/.test(subject)) return "USER";
  if (/^host/.test(subject)) return "HOST";
  if (/^device/.test(subject)) return "DEVICE";
  return undefined;
}
