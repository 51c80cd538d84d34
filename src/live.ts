/** What is open and what moves: connections, what the processes say of themselves, gauges and their history. */
import { randomUUID } from "node:crypto";
import type { Database } from "./db.ts";
import type { Lanes } from "./ingest/lanes.ts";
import type { Log } from "./log.ts";
import { createMetricHistory } from "./metric-history.ts";
import { type ConnectionLimits, createConnections } from "./publish/connections.ts";
import { countTogether } from "./publish/connections-together.ts";
import { createGauges } from "./publish/gauges.ts";
import { createProcesses } from "./publish/processes.ts";
import { connectForLimits } from "./server/limits-redis.ts";

export function openLive(options: {
  db: Database;
  connectionLimits: ConnectionLimits;
  /** Where the processes count connections together; absent: each its own. */
  redisUrl: string | undefined;
  pipeline: Pick<Lanes, "lagMs" | "waiting" | "refusedPerSecond" | "busy">;
  now: () => number;
  log: Log;
}) {
  const { db, pipeline, now, log } = options;
  const { redisUrl } = options;
  const connections = createConnections(
    options.connectionLimits,
    redisUrl === undefined
      ? undefined
      : (counts) => countTogether(connectForLimits(redisUrl, log), randomUUID(), counts),
  );
  const processes = createProcesses({
    db,
    log,
    organizations: () => [...connections.organizations(), ...pipeline.busy()],
    report: (organizationId) => ({
      clients: connections.count(organizationId),
      ingestLagMs: pipeline.lagMs(organizationId),
      waitingEvents: pipeline.waiting(organizationId),
      refusedPerSecond: pipeline.refusedPerSecond(organizationId),
    }),
  });
  const gauges = createGauges({ db, now, together: processes.together });
  const history = createMetricHistory({ db, gauges, processId: processes.id, log });
  return {
    connections,
    processes,
    gauges,
    history,
    /** What is open here, for `status`. */
    part: () => {
      const [open, organizations] = [connections.count(), connections.organizations().length];
      return {
        name: "streams",
        ok: true,
        detail: `connections open here: ${open}, of organizations: ${organizations}`,
      };
    },
    async close(): Promise<void> {
      await history.close();
      await processes.close();
      connections.close();
    },
  };
}
