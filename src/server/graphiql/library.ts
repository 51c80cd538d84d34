/**
 * Operations that are ready to run, by what somebody wants to do. In variables `<incident id>` and the like stand for what
 * the organization has: `examplesOf` finds it. Each is validated and run by test/server/graphiql.test.ts.
 */
import { parse, print } from "graphql";
import { alerts } from "./operations/alerts.ts";
import { hunt } from "./operations/hunt.ts";
import { patient } from "./operations/patient.ts";
import type { Ready } from "./operations/ready.ts";
import { respond } from "./operations/respond.ts";
import { setUp } from "./operations/set-up.ts";
import { triage } from "./operations/triage.ts";
import { tune } from "./operations/tune.ts";
import { watch } from "./operations/watch.ts";

export interface ReadyOperation extends Ready {
  job: string;
}

/** What `<…>` in variables stands for: the document that finds all of it. */
export const examplesQuery = `query Examples {
  incidents(first: 1) { nodes { id number subjects { kind key } } }
  alertRules(first: 1) { nodes { id } }
  alertChannels { id }
}`;

const jobs: Record<string, readonly Ready[]> = {
  Triage: triage,
  Hunt: hunt,
  "Tune a rule": tune,
  "Who saw this patient": patient,
  Respond: respond,
  Alerts: alerts,
  "Set up": setUp,
  "Watch live": watch,
};

export const library: readonly ReadyOperation[] = Object.entries(jobs).flatMap(([job, operations]) =>
  operations.map((operation) => ({ job, ...operation, query: laidOut(operation.query) })),
);

/** A field a line, behind the comments it begins with. */
function laidOut(query: string): string {
  const comments = query.split("\n").filter((line) => line.startsWith("#"));
  return [...comments, print(parse(query))].join("\n");
}
