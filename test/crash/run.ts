/**
 * `npm run test:crash -- [--minutes 3] [--times 1] [--seed N] [--only F6,F13] [--clients 4]`: two servers, a worker, PostgreSQL, Redis
 * and receivers run while faults of every kind strike, and bursts of failed log-ins go in. Afterwards one checker looks at
 * what was acknowledged, stored, detected, told, done and shown. Ends with 1 where something is not as it must be, and where
 * a kind of fault struck less often than it is to.
 */

import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { chances, shuffled } from "./chance.ts";
import { findings } from "./checks.ts";
import { type Fault, faults } from "./faults.ts";
import { startLoad } from "./load.ts";
import { openStand } from "./stand.ts";
import { openWitnesses, type Witnesses } from "./witnesses.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    times: { type: "string", default: "1" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    only: { type: "string" },
    clients: { type: "string", default: "4" },
  },
});
const [minutes, seed, clients] = [Number(values.minutes), Number(values.seed), Number(values.clients)];
const least = Number(values.times);
const ids = values.only?.split(",");
let wanted = ids ? faults.filter(({ id }) => ids.includes(id)) : faults;
if (!(minutes > 0 && least > 0 && Number.isInteger(seed) && clients > 0 && wanted.length > 0))
  throw new Error(
    "--minutes, --times and --clients are above 0, --seed is a whole number, --only names faults as F6,F13.",
  );
const servedLimit = 90_000; // ms from the end of a fault until an attack is taken

console.log(`seed ${seed}: ${minutes} min, ${wanted.length} kinds of faults`);
const chance = chances(seed);
const stand = await openStand();
if (!stand.disk) {
  for (const { id, name } of wanted.filter(({ needsDisk }) => needsDisk))
    console.log(`${id} ${name}: left out, nothing may be mounted here`);
  wanted = wanted.filter(({ needsDisk }) => !needsDisk);
}
const [hour, minute] = [3_600_000, 60_000];
let isWell = true;
let witnesses: Witnesses | undefined;
try {
  witnesses = await openWitnesses(stand, clients);
  const load = startLoad(stand.url, stand.organizations, seed, chance);
  const struck = await strikeAll(load);
  await Promise.all(stand.restarts.splice(0));
  await load.end();
  const began = performance.now();
  const left = await witnesses.drained();
  console.log(`all that was due was told after ${Math.round((performance.now() - began) / 1_000)} s; left: ${left}`);
  for (const { what, of, wrong } of await findings(stand, load, witnesses.followers, witnesses.enforced())) {
    if (wrong.length > 0 || of === 0) isWell = false;
    console.log(`${wrong.length === 0 && of > 0 ? "well" : "NOT "}  ${what}: ${wrong.length} wrong of ${of}`);
    for (const one of wrong.slice(0, 5)) console.log(`        ${one}`);
  }
  const refused = [...load.refusals.values()].reduce((sum, times) => sum + times, 0);
  console.log(`${refused} sendings failed and were repeated`);
  for (const [why, times] of [...load.refusals].sort((a, b) => b[1] - a[1]).slice(0, 8))
    console.log(`  ${times}: ${why}`);
  for (const { name, id } of wanted) {
    const times = struck.get(name) ?? 0;
    if (times < least) isWell = false;
    console.log(`${times < least ? "NOT " : ""}${id.padEnd(4)} ${name}: struck ${times} times`);
  }
  for (const { process } of stand.members) {
    for (const how of process.unwanted) {
      isWell = false;
      console.log(`${process.name} ended though nobody ended it: ${how}`);
    }
  }
} catch (error) {
  isWell = false;
  console.log(error);
} finally {
  await witnesses?.close();
  await stand.close();
}
console.log(isWell ? "well" : `NOT well: repeat with --seed ${seed}`);
process.exit(isWell ? 0 : 1);

/** Every kind in an order of chance, again until the time is over and each has struck as often as it is to. */
async function strikeAll(load: ReturnType<typeof startLoad>): Promise<Map<string, number>> {
  const struck = new Map<string, number>();
  const until = Date.now() + minutes * minute;
  const latest = until + Math.min(hour, minutes * minute); // a slow machine may need longer for as many as are asked for
  const isDue = ({ name }: Fault): boolean =>
    Date.now() < until || ((struck.get(name) ?? 0) < least && Date.now() < latest);
  while (wanted.some(isDue))
    for (const fault of shuffled(wanted, chance)) if (isDue(fault)) await strikeOne(fault, load, struck);
  return struck;
}

async function strikeOne(fault: Fault, load: ReturnType<typeof startLoad>, struck: Map<string, number>): Promise<void> {
  const began = Date.now();
  try {
    const hit = await fault.strike(stand, chance);
    const healed = Date.now();
    const late = wait(servedLimit, "late", { ref: false });
    if ((await Promise.race([load.served(), late])) === "late") {
      isWell = false;
      console.log(`NOT   after "${fault.name}" (${hit}) no attack was taken within ${servedLimit / 1_000} s`);
      return;
    }
    struck.set(fault.name, (struck.get(fault.name) ?? 0) + 1);
    console.log(
      `${fault.id.padEnd(4)} ${fault.name}: ${hit}; lasted ${healed - began} ms, served after ${Date.now() - healed} ms`,
    );
  } catch (error) {
    console.log(`${fault.id.padEnd(4)} ${fault.name}: did not strike: ${(error as Error).message}`);
  }
  // Whatever ended is started again, as whoever looks after processes does; that it ended is told in the end.
  for (const { process } of stand.members) if (process.isLost) stand.restarts.push(process.startAnyhow(60_000));
}
