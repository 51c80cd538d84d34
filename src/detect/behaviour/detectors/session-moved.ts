import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { deviceId } from "../device-of.ts";
import { devices, stableIds } from "../facets/devices.ts";
import { known, knowsDevice, knowsNetwork } from "../facets/known.ts";
import { others, peerNetworks, portalNetworks } from "../facets/peers.ts";
import { isOther, type Session, sessions, wayOf } from "../facets/sessions.ts";
import { isKnown } from "../habit.ts";
import { spanWords } from "../in-words.ts";
import { peersParameter } from "../parameters.ts";
import { networkName } from "../place-of.ts";

const parameters = {
  lookBackHours: {
    description: "A session that was not used for so long is not compared, hours.",
    default: 24,
    min: 1,
    max: 720,
  },
  ...peersParameter("A network"),
} as const;

export const sessionMoved: BehaviourDetector<typeof parameters> = {
  name: "session_moved",
  title: "Session moved to another device and network",
  description:
    "One session id was used with another device and over another network than before: a stolen cookie or token looks like this. Another device is another program (browser, operating system and kind), or an id that the user is not known by where the application tells ids that last. Not found: only the network changed (a laptop taken home), only the device (a browser that calls itself otherwise), or the other network is one that several users come over (a back end that calls for their sessions).",
  severity: "HIGH",
  tags: ["attack.credential-access", "attack.lateral-movement", "attack.t1539", "attack.t1550.004"],
  falsepositives: [
    "An application that gives one session to several devices",
    "A back end that calls on behalf of a session",
  ],
  learning: "None: a session is judged from its second use. Before that nothing is found.",
  parameters,
  facets: [sessions, devices, peerNetworks, portalNetworks, known],
  concerns: (event) => event.outcome !== "FAILURE" && wayOf(event) !== undefined,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const way = wayOf(event);
  const state = seen.facet(sessions);
  if (!way || !state || event.sessionId === undefined) return undefined;
  const id = seen.disguise(event.sessionId);
  const before = state.find((session) => session.id === id);
  if (!before || before.network === way.network) return undefined;
  const isSameProgram = before.device === way.device;
  if (isSameProgram && !hasStrangeId(event, before, seen)) return undefined;
  const gap = Math.abs(event.time - before.at);
  if (gap > asked.lookBackHours * 3_600_000 || knowsNetwork(seen.facet(known), way.network)) return undefined;
  if (asked.peers > 0 && others(peerNetworks, way.network, event, seen) >= asked.peers) return undefined;
  const device = isSameProgram ? `another ${way.device}` : way.device;
  return {
    reason: `${event.action.slice(0, 60)} with ${device} over ${networkName(event)}, in a session used with ${before.device} over ${before.network}, ${spanWords(gap)} apart`,
  };
}

/** Thieves call their browser what the owner's is called; its id is seldom among what they took. */
function hasStrangeId(event: SecurityEvent, before: Session, seen: Seen): boolean {
  const id = deviceId(event, seen);
  const own = seen.facet(devices);
  if (id === undefined || !isOther(before.deviceId, id) || !own || !stableIds(own)) return false;
  return !isKnown(own.ids, id, event.time) && !knowsDevice(seen.facet(known), event);
}
