/** Over which network and with which device the user's last sessions were used. */
import type { SecurityEvent } from "../../../ingest/event.ts";
import { deviceFamily, deviceId } from "../device-of.ts";
import type { Facet } from "../facet.ts";
import { networkKey } from "../place-of.ts";

export interface Session {
  /** Disguised: an id may be the secret itself. */
  id: string;
  network: string;
  device: string;
  /** The device's own id, disguised, where the application tells it. */
  deviceId?: string;
  /** Event time of the last use, epoch ms. */
  at: number;
}

const mostSessions = 8;

export const sessions: Facet<Session[]> = {
  name: "sessions",
  of: "USER",
  concerns: (event) => event.outcome !== "FAILURE" && wayOf(event) !== undefined,
  empty: () => [],
  /** A session keeps the way it first came, as long as that is used: who took it over does not become its owner. */
  learn(state, event, surroundings) {
    const way = wayOf(event);
    if (!way || event.sessionId === undefined) return;
    const id = surroundings.disguise(event.sessionId);
    const ownId = deviceId(event, surroundings);
    const session = state.find((each) => each.id === id);
    if (!session) {
      state.push({ id, ...way, ...(ownId === undefined ? {} : { deviceId: ownId }), at: event.time });
      state.sort((one, other) => one.at - other.at);
      if (state.length > mostSessions) state.shift();
      return;
    }
    if (session.network !== way.network && (session.device !== way.device || isOther(session.deviceId, ownId))) return;
    Object.assign(session, way, { at: Math.max(session.at, event.time) });
    if (ownId !== undefined) session.deviceId = ownId;
  },
};

/** Whether both are told, and are two. */
export function isOther(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

/** undefined: the event tells no session, or not both network and device. */
export function wayOf(event: SecurityEvent): { network: string; device: string } | undefined {
  if (event.sessionId === undefined || event.sessionId === "") return undefined;
  const network = networkKey(event);
  const device = deviceFamily(event);
  return network === undefined || device === undefined ? undefined : { network, device };
}
