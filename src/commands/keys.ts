/** `vigil keys …`: what the keys are, and replacing them. */
import { audit } from "../access/audit.ts";
import { cliSubject } from "../access/viewer.ts";
import type { App } from "../app.ts";
import { VigilError } from "../errors.ts";
import { listKeys, reencrypt, retireKey, rewrap } from "../secrets/rotation.ts";

type Tell = (line: string) => void;

/** Each data key with what still needs it; then how many data keys each key of the installation wraps. */
export async function listAllKeys(app: App, organizations: readonly string[], tell: Tell): Promise<void> {
  const wrapping = new Map<string, number>([[app.keyService.currentKeyId, 0]]);
  for (const organizationId of organizations) {
    for (const key of await app.db.inOrganization(organizationId, listKeys)) {
      const { id, purpose, state, kekId, uses, references, createdAt } = key;
      const since = createdAt.toISOString().slice(0, 10);
      tell(`${organizationId} ${id} ${purpose} ${state} since ${since}, ${uses} uses, ${references} references`);
      if (state !== "RETIRED") wrapping.set(kekId, (wrapping.get(kekId) ?? 0) + 1);
    }
  }
  for (const [id, keys] of wrapping) {
    tell(`encryption key ${id}${id === app.keyService.currentKeyId ? " (current)" : ""}: wraps ${keys} data keys`);
  }
}

/** Wraps every data key with the current key; with `dataKeys`, also makes new data keys and seals everything anew. */
export async function rotateKeys(
  app: App,
  organizations: readonly string[],
  options: { dataKeys: boolean },
  tell: Tell,
): Promise<void> {
  for (const organizationId of organizations) {
    const count = await rewrap(app.db, app.keyService, organizationId);
    tell(`${organizationId}: ${count} data keys wrapped anew`);
    if (count > 0) {
      const detail = { count, encryptionKey: app.keyService.currentKeyId };
      await app.db.inOrganization(organizationId, (tx) =>
        audit(tx, {
          actor: cliSubject,
          action: "DATA_KEYS_REWRAPPED",
          entityKind: "DataKey",
          entityId: "",
          detail,
        }),
      );
    }
    if (options.dataKeys) {
      const id = await app.db.inOrganization(organizationId, (tx) => app.vault.rotate(tx));
      tell(`${organizationId}: new data key ${id}`);
    }
  }
  if (options.dataKeys) await reencryptAll(app, organizations, tell);
}

/** Seals anew what old data keys sealed: goes on where it was interrupted. Errors: CONFLICT where some do not open. */
export async function reencryptAll(app: App, organizations: readonly string[], tell: Tell): Promise<void> {
  let faults = 0;
  for (const organizationId of organizations) {
    const count = await reencrypt(app.db, app.vault, organizationId, {
      onProgress: (records) => tell(`${organizationId}: ${records} records so far`),
      onFault: ({ table, column, key = "id" }, id, { message }) => {
        faults++;
        tell(`${organizationId}: ${table}.${column} where ${key} is ${id} stays as it is: ${message}`);
      },
    });
    tell(`${organizationId}: ${count} records sealed anew`);
  }
  if (faults === 0) return;
  const many = faults === 1 ? "A record does" : `${faults} records do`;
  throw new VigilError("CONFLICT", `${many} not open (see above); all others are sealed anew.`);
}

export async function retireDataKey(app: App, organizationId: string, id: string): Promise<void> {
  await app.db.inOrganization(organizationId, async (tx) => {
    await retireKey(tx, id);
    await audit(tx, { actor: cliSubject, action: "DATA_KEY_RETIRED", entityKind: "DataKey", entityId: id });
  });
}
