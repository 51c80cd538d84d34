import type { Command } from "commander";
import { examine } from "../doctor/doctor.ts";
import { findingLines } from "../doctor/finding.ts";
import { readConfig } from "../run.ts";

export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("look at everything Vigil stands on and say how to mend what is wrong; ends with 1 where something is")
    .action(async () => {
      const findings = await examine(readConfig(), Date.now());
      for (const line of findingLines(findings)) console.log(line);
      if (findings.some(({ level }) => level === "BAD")) process.exitCode = 1;
    });
}
