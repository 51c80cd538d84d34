/** `server.json` in the data directory: where the running server listens, for the other commands of this installation. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const schema = z.object({ pid: z.number().int(), url: z.string() });
export type RunningServer = z.infer<typeof schema>;

export async function rememberRunningServer(dataDir: string, server: RunningServer): Promise<void> {
  await writeFile(join(dataDir, "server.json"), `${JSON.stringify(server)}\n`, { mode: 0o600 });
}

export async function forgetRunningServer(dataDir: string): Promise<void> {
  await rm(join(dataDir, "server.json"), { force: true });
}

/** The server that answers there now; undefined when there is none (a crash leaves the file behind). */
export async function readRunningServer(dataDir: string): Promise<RunningServer | undefined> {
  const text = await readFile(join(dataDir, "server.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const server = schema.parse(JSON.parse(text));
  const answer = await fetch(`${server.url}/health/live`, { signal: AbortSignal.timeout(2_000) }).catch(
    () => undefined,
  );
  return answer?.ok ? server : undefined;
}
