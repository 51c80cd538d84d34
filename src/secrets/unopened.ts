/** Whether the installation has the keys that the organizations' data keys are wrapped with. */
import { contextOf, type WrappedKey } from "./key-cache.ts";
import type { KeyService } from "./key-service.ts";

export interface Unopened {
  /** The encryption keys that do not open what they wrapped, by id: they are not here, or others have their names. */
  keys: string[];
  /** Whether there are data keys, and not one opens. */
  all: boolean;
  /** Whether one of them wrapped what is sealed with now: without it no event is taken. */
  refuses: boolean;
}

/** `query` runs as the organization. */
export async function findUnopened(
  organizationIds: readonly string[],
  query: (
    organizationId: string,
    text: string,
    values: unknown[],
  ) => Promise<{ rows: (WrappedKey & { state: "CURRENT" | "OLD" })[] }>,
  service: KeyService,
): Promise<Unopened> {
  const keys = new Set<string>();
  let opened = 0;
  let refuses = false;
  for (const organizationId of organizationIds) {
    const { rows } = await query(
      organizationId,
      `SELECT DISTINCT ON (kek_id, state) id, kek_id, wrapped, state FROM data_keys
       WHERE organization_id = $1 AND state <> 'RETIRED' ORDER BY kek_id, state, id`,
      [organizationId],
    );
    for (const { id, kek_id, wrapped, state } of rows) {
      await service.unwrap(wrapped, kek_id, contextOf(organizationId, id)).then(
        () => opened++,
        () => {
          keys.add(kek_id);
          refuses ||= state === "CURRENT";
        },
      );
    }
  }
  return { keys: [...keys], all: keys.size > 0 && opened === 0, refuses };
}
