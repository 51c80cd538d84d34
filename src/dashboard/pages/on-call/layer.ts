import type { Someone } from "../../data/use-people.ts";
import type { OnCallLayerInput, ScheduleRowFragment } from "../../generated/graphql.ts";
import { type Hours, hoursInput, hoursOf } from "../../parts/hours.tsx";

/** A layer as its form holds it; people by e-mail address, as the API answers them. */
export interface LayerDraft {
  name: string;
  people: { email: string }[];
  startsOn: string;
  handOver: string;
  turnDays: string;
  hours: Hours[];
}

const handOver = "09:00";

/** A layer that holds already, since the last nine o'clock: a week each. */
export function freshLayer(name: string, now: Date): LayerDraft {
  const since = new Date(now);
  if (now.getHours() < 9) since.setDate(now.getDate() - 1);
  const month = String(since.getMonth() + 1).padStart(2, "0");
  const startsOn = `${since.getFullYear()}-${month}-${String(since.getDate()).padStart(2, "0")}`;
  return { name, people: [], startsOn, handOver, turnDays: "7", hours: [] };
}

export function draftOf({ name, users, startsOn, handOver, turnDays, hours }: ScheduleRowFragment["layers"][number]) {
  const people = users.map(({ email }) => ({ email }));
  return { name, people, startsOn, handOver, turnDays: String(turnDays), hours: hours.map(hoursOf) };
}

/** As the API takes it. */
export function layerInput(draft: LayerDraft, everybody: readonly Someone[]): OnCallLayerInput {
  const { name, people, startsOn, handOver, turnDays, hours } = draft;
  // Who is not found is refused: left out, nobody would see it.
  const userIds = people.map(({ email }) => everybody.find((one) => one.email === email)?.id ?? "");
  return {
    name: name.trim(),
    userIds,
    startsOn,
    ...(handOver ? { handOver } : {}),
    turnDays: Math.trunc(Number(turnDays)),
    ...(hours.length > 0 ? { hours: hours.map(hoursInput) } : {}),
  };
}
