import { existsSync } from "node:fs";
import { join } from "node:path";

/** Whether an embedded PostgreSQL was ever set up in the data directory. */
export const hasCluster = (dataDir: string): boolean => existsSync(join(dataDir, "postgres", "PG_VERSION"));
