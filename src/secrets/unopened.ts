/** Whether the installation has the keys that the organizations' data keys are wrapped with. */
import { contextOf, type WrappedKey } from "./key-cache.ts";
import type { KeyService } from "./key-service.ts";

export interface Unopened {
  /** The encryption keys that do not open what they wrapped, by id: they are not here, or others have their names. */
  keys: string[];
  /** Whether there are data keys, and not one opens. */
  all: boolean;
}

/** `query` runs as the organization. */
export async function findUnopened(
  organizationIds: readonly string[],
  query: (organizationId: string, text: string, values: unknown[]) => Promise<{ rows: WrappedKey[] }>,
  service: KeyService,
): Promise<Unopened> {
  const keys = new Set<string>();
  let opened = 0;
  for (const organizationId of organizationIds) {
    const { rows } = await query(
      organizationId,
      `SELECT DISTINCT ON (kek_id) id, kek_id, wrapped FROM data_keys
       WHERE organization_id = $1 AND state <> 'RETIRED' ORDER BY kek_id, id`,
      [organizationId],
    );
    for (const { id, kek_id, wrapped } of rows) {
      await service.unwrap(wrapped, kek_id, contextOf(organizationId, id)).then(
        () => opened++,
        () => keys.add(kek_id),
      );
    }
  }
  return { keys: [...keys], all: keys.size > 0 && opened === 0 };
}
