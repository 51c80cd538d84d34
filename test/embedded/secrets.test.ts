import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadSecrets } from "../../src/embedded/secrets.ts";

it("Of several that start at once on an empty data directory, all go by the secrets that are kept", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "vigil-secrets-"));
  const loaded = await Promise.all(Array.from({ length: 4 }, () => loadSecrets(dataDir)));
  const kept = JSON.parse(await readFile(join(dataDir, "secrets.json"), "utf8"));
  expect(loaded).toEqual([kept, kept, kept, kept]);
  expect(await readdir(dataDir)).toEqual(["secrets.json"]);
  await rm(dataDir, { recursive: true });
});
