/** Whether the account is a person's or a program's, by who acted with it so far. */
import type { SecurityEvent } from "../../../ingest/event.ts";
import { isSuccess } from "../deeds.ts";
import type { Facet, Seen } from "../facet.ts";
import { isProgram, isProgramsRole } from "../program.ts";

export interface Programs {
  /** Events by a program and by a person, both halved when they are many. */
  program: number;
  person: number;
}

const many = 1_000;
const enough = 20;
const share = 0.95;

export const programs: Facet<Programs> = {
  name: "programs",
  of: "USER",
  concerns: (event) => isSuccess(event) && (isProgram(event) || event.enrichment?.agent !== undefined),
  empty: () => ({ program: 0, person: 0 }),
  learn(state, event) {
    if (isProgram(event)) state.program++;
    else state.person++;
    if (state.program + state.person < many) return;
    state.program = Math.floor(state.program / 2);
    state.person = Math.floor(state.person / 2);
  },
  tell: (state) => (isProgramAccount(state) ? "used by a program" : undefined),
};

export function isProgramAccount({ program, person }: Programs): boolean {
  return program >= enough && program >= share * (program + person);
}

/** Whether the account is a program's. This event's user agent says nothing: whoever has a password can choose it. */
export function isOfProgram(event: SecurityEvent, seen: Seen): boolean {
  const state = seen.facet(programs);
  return isProgramsRole(event) || (state !== undefined && isProgramAccount(state));
}
