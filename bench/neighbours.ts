/**
 * G12: how long one organization waits for a page of incidents while another asks for as much as it may, beside the same
 * with nobody else there. Twice: while the other spends its budget, and when that is spent and it goes on asking (429).
 */
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { compared } from "./compared.ts";
import { ask, loadRequest } from "./http-load.ts";
import { makeIncidents, vigilQuery } from "./query-data.ts";
import type { Figure } from "./run.ts";

const turns = 9;
const requests = 100; // of the quiet one, in a turn of either kind: all turns together stay within its own budget
const lanes = 8; // of the other, each without a pause
const incidents = 2_000; // of each

export async function neighboursBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const owner = new pg.Pool({ connectionString: app.embedded?.ownerUrl as string, max: 1 });
  try {
    const quiet = await app.organizationBySlug("demo");
    const busy = await app.createOrganization("busy", "Busy");
    for (const id of [quiet, busy]) await makeIncidents(owner, id, incidents);
    const token = (organizationId: string): Promise<string> =>
      app.tokens.sign({ organizationId, userId: "cli", name: "bench", role: "ADMIN" }, 36_000);
    const tokens = { quiet: await token(quiet), busy: await token(busy) };
    const figures: Figure[] = [];
    for (const [kind, doing] of [
      ["limited", "spends its budget"],
      ["spent", "has spent it and goes on"],
    ] as const) {
      figures.push(await measure({ kind, doing, args: [directory, "", quiet], tokens }));
    }
    return figures;
  } finally {
    await owner.end();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Measured {
  kind: "limited" | "spent";
  doing: string;
  args: string[];
  tokens: { quiet: string; busy: string };
}

async function measure({ kind, doing, args, tokens }: Measured): Promise<Figure> {
  const child = fork(fileURLToPath(new URL("query-child.ts", import.meta.url)), [kind, ...args]);
  try {
    const { port } = await new Promise<{ port: number }>((resolve, reject) => {
      child.once("message", resolve as never);
      child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    });
    const request = post(tokens.quiet, "{ incidents(first: 5) { nodes { number title status severity } } }");
    const p99 = async (): Promise<number> => {
      const times = (await loadRequest(port, request, requests, 1)).sort((a, b) => a - b);
      return times[Math.floor(0.99 * (requests - 1))] as number;
    };
    const [alone, beside]: [number[], number[]] = [[], []];
    for (let turn = -1; turn < turns; turn++) {
      const before = await p99();
      const stop = press(port, tokens.busy);
      const meanwhile = await p99();
      const statuses = await stop();
      if (kind === "spent" && turn >= 0 && !statuses.has("429")) throw new Error("the other's budget was not spent");
      if (turn < 0) continue; // warms up, and spends
      alone.push(before);
      beside.push(meanwhile);
    }
    const subject = `p99 of a page beside an organization that ${doing}`;
    return compared({ bench: "neighbours", subject, baseline: "alone", unit: "ms" }, beside, alone);
  } finally {
    child.kill();
  }
}

/** Asks without a pause until it is told to stop; answers which statuses came. */
function press(port: number, token: string): () => Promise<Set<string>> {
  let isOver = false;
  const statuses = new Set<string>();
  const done = ask(port, post(token, vigilQuery), lanes, {
    goesOn: () => !isOver,
    answered(_ms, answer) {
      const status = answer.slice(9, 12);
      if (status !== "429" && answer.includes('{"errors"')) throw new Error(answer.slice(0, 1_000));
      statuses.add(status);
    },
  });
  return async () => {
    isOver = true;
    await done;
    return statuses;
  };
}

function post(token: string, query: string): string {
  const body = JSON.stringify({ query });
  const headers = [
    "host: vigil.example",
    "content-type: application/json",
    "accept: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    `authorization: Bearer ${token}`,
  ];
  return `POST /graphql HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n${body}`;
}
