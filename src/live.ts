/** What is open and what moves: connections, what the processes say of themselves, gauges and their history. */
import type { Database } from "./db.ts";
import type { Lanes } from "./ingest/lanes.ts";
import type { Log } from "./log.ts";
import { createMetricHistory } from "./metric-history.ts";
import { type ConnectionLimits, createConnections } from "./publish/connections.ts";
import { createGauges } from "./publish/gauges.ts";
import { createProcesses } from "./publish/processes.ts";

export function openLive(options: {
  db: Database;
  connectionLimits: ConnectionLimits;
  pipeline: Pick<Lanes, "lagMs" | "waiting" | "busy">;
  now: () => number;
  log: Log;
}) {
  const { db, pipeline, now, log } = options;
  const connections = createConnections(options.connectionLimits);
  const processes = createProcesses({
    db,
    log,
    organizations: () => [...connections.organizations(), ...pipeline.busy()],
    report: (organizationId) => ({
      clients: connections.count(organizationId),
      ingestLagMs: pipeline.lagMs(organizationId),
      waitingEvents: pipeline.waiting(organizationId),
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
        detail: `${open} connections of ${organizations} organizations are open here`,
      };
    },
    async close(): Promise<void> {
      await history.close();
      await processes.close();
    },
  };
}
