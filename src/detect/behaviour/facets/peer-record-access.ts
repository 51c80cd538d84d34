/** How many patients' records the members of a group open in their busiest hours, member by member, disguised. */
import type { Facet, ProfileKind } from "../facet.ts";
import { localTime } from "../local-day.ts";
import { isRecordAccess, userKey } from "../record-access.ts";
import { recordAccess } from "./record-access.ts";

export interface PeerRecordAccess {
  /** Since and last: days. The counts fade by 2 % a day. */
  members: [who: string, since: number, last: number, hour: number, whole: number][];
}

const mostMembers = 30;
const keptPerDay = 0.98;
const activeDays = 30;
const settledDays = 7;

function peerRecordAccess(name: string, of: ProfileKind): Facet<PeerRecordAccess> {
  return {
    name,
    of,
    concerns: isRecordAccess,
    empty: () => ({ members: [] }),
    learn({ members }, event, seen) {
      const { day } = localTime(event.time, seen.timeZone);
      const today = seen.facet(recordAccess)?.days.at(-1);
      if (!today || today[0] !== day) return;
      const who = userKey(event, seen);
      let member = members.find(([each]) => each === who);
      if (!member) {
        if (members.length >= mostMembers) {
          const gone = members.findIndex(([, , last]) => day - last > activeDays);
          if (gone < 0) return;
          members.splice(gone, 1);
        }
        member = [who, day, day, 0, 0];
        members.push(member);
      }
      const kept = keptPerDay ** Math.max(0, day - member[2]);
      member[2] = Math.max(member[2], day);
      member[3] = Math.max(today[1], Math.round(member[3] * kept));
      member[4] = Math.max(today[2], Math.round(member[4] * kept));
    },
  };
}

export const roleRecordAccess = peerRecordAccess("role_record_access", "ROLE");
export const organizationRecordAccess = peerRecordAccess("organization_record_access", "ORGANIZATION");

/** What three of four others of a group stay below, in an hour and in 24 hours; undefined: fewer than `least` others. */
export function othersUpTo(
  state: PeerRecordAccess | undefined,
  who: string,
  day: number,
  least: number,
): { hour: number; whole: number } | undefined {
  const others = state?.members.filter(
    ([each, since, last]) => each !== who && day - last <= activeDays && last - since >= settledDays,
  );
  if (!others || others.length < least) return undefined;
  return { hour: upperQuarter(others.map((each) => each[3])), whole: upperQuarter(others.map((each) => each[4])) };
}

function upperQuarter(counts: number[]): number {
  const sorted = counts.sort((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) * 0.75)] ?? 0;
}
