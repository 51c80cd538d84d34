/** Events that are stored sealed, beside the same events stored in clear: what encryption costs the intake. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import type { EventDraft } from "../src/ingest/event.ts";
import { updatePrivacy } from "../src/ingest/privacy-settings.ts";
import { createLog } from "../src/log.ts";
import { compared } from "./compared.ts";
import type { Figure } from "./run.ts";

const runs = 5;
const events = 20_000;
const batchSize = 5_000;

/** An application's events; each names a patient where `patients` is set. */
function batchOf(first: number, patients: boolean): EventDraft[] {
  return Array.from({ length: batchSize }, (_, index) => {
    const n = first + index;
    return {
      logsource: { product: "clinic" },
      action: "record.read",
      category: "ACCESS",
      outcome: "SUCCESS",
      actor: { id: `u-${n % 50}`, name: `nurse-${n % 50}` },
      source: { ip: `198.51.100.${n % 250}` },
      target: { type: "record", id: `r-${n}`, name: `Record ${n}`, ...(patients ? { patientId: `p-${n % 900}` } : {}) },
      http: { method: "GET", path: `/records/${n}`, status: 200 },
      message: `nurse-${n % 50} opened the record ${n} in room ${n % 12}`,
      attributes: { room: n % 12, ward: "north" },
    };
  });
}

const modes = {
  clear: { phiFields: "KEEP", unknownFields: "KEEP" },
  patient: { phiFields: "PATIENT", unknownFields: "KEEP" },
  all: { phiFields: "SEAL", unknownFields: "SEAL" },
} as const;

export async function sealingBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  try {
    const rates = new Map<string, number[]>();
    const measure = async (name: string, mode: keyof typeof modes, patients: boolean, run: number): Promise<void> => {
      const organizationId = await app.createOrganization(`bench-${name.replaceAll(" ", "-")}-${run}`, "bench");
      await app.db.inOrganization(organizationId, (tx) => updatePrivacy(tx, modes[mode]));
      await app.pipeline.accept(organizationId, batchOf(0, patients)); // compiled, keys made
      const began = performance.now();
      for (let first = 0; first < events; first += batchSize) {
        await app.pipeline.accept(organizationId, batchOf(first, patients));
      }
      if (run < 0) return; // the first round only warms up
      rates.set(name, [...(rates.get(name) ?? []), events / ((performance.now() - began) / 1_000)]);
    };
    for (let run = -1; run < runs; run++) {
      await measure("with patients kept", "clear", true, run);
      await measure("with patients sealed", "patient", true, run);
      await measure("all sealed and searched", "all", true, run);
      await measure("without patients kept", "clear", false, run);
      await measure("without patients", "patient", false, run);
    }
    const figure = (subject: string, baseline: string): Figure => {
      const about = { bench: "sealing", subject, baseline, unit: "events/s" };
      return compared(about, rates.get(subject) ?? [], rates.get(baseline) ?? []);
    };
    return [
      figure("with patients sealed", "with patients kept"),
      figure("all sealed and searched", "with patients kept"),
      figure("without patients", "without patients kept"),
    ];
  } finally {
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}
