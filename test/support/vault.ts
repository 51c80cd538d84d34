import type { Database } from "../../src/db.ts";
import { createKeyring } from "../../src/secrets/keyring.ts";
import { createVault, type Vault } from "../../src/secrets/vault.ts";

/** A vault under a fixed key: another one on the same database opens what it sealed. */
export const testVault = (db: Database): Vault =>
  createVault({ db, service: createKeyring([{ id: "test", key: Buffer.alloc(32, 7) }]), now: Date.now });
