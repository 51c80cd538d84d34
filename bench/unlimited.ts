/** For servers whose speed is measured: nobody is sent away for asking often. */
import type { ServerOptions } from "../src/server/server.ts";

const most = 1e9;

export const unlimited: ServerOptions = {
  operationLimits: { query: most, mutation: most, heavy: most, secret: most },
  costLimits: { operation: 20_000, budget: most },
};
