const shape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a row can have this id. PostgreSQL makes some by `md5`, which have no version of RFC 9562 in them. */
export const isRowId = (text: string): boolean => shape.test(text);
