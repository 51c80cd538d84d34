import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { activity, hasLearned } from "../facets/activity.ts";
import { type Exports, exportDays, exportedOn, exportedRecords, exportsByDay } from "../facets/exports.ts";
import { localTime } from "../local-day.ts";
import { learningOf, unusualFrom } from "../parameters.ts";
import { type Usual, unusualFor } from "../usual.ts";

const parameters = {
  ...learningOf(14, 5),
  dayRecords: {
    description: "Fewer exported records in a day are never too many.",
    default: 2_000,
    min: 50,
    max: 10_000_000,
  },
  ...unusualFrom(),
  unlearnedRecords: {
    description: "Before a user is known, more exported records in a day than this.",
    default: 5_000,
    min: 50,
    max: 10_000_000,
  },
} as const;

type Asked = ParametersOf<typeof parameters>;

export const exportVolume: BehaviourDetector<typeof parameters> = {
  name: "export_volume",
  title: "Unusually many records exported in a day",
  description:
    "The exports and downloads of a user hold far more records in a day than on such days before, however small each of them is. The application tells how many (`count`, `rows`, `recordCount` and the like). Told once a day. Not found: exports that do not say how many, accounts whose role says that a program uses them, what is taken out in equal parts on many days.",
  severity: "MEDIUM",
  tags: ["attack.collection", "attack.t1213", "attack.exfiltration", "attack.t1567"],
  falsepositives: ["The move to another system", "A report of a whole year"],
  learning:
    "14 days with activity on 5 of them, of each user. Until then only more than 5,000 records in a day are found; what is exported meanwhile counts in full as usual.",
  parameters,
  facets: [exportsByDay, activity],
  concerns: exportsByDay.concerns,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: Asked): Finding | undefined {
  const { day } = localTime(event.time, seen.timeZone);
  const state = seen.facet(exportsByDay) ?? { days: [] };
  const before = exportedOn(state, day);
  const records = before + exportedRecords(event);
  const known = seen.facet(activity);
  const told = `exported ${records.toLocaleString("en-US")} records in a day`;
  if (!hasLearned(known, event.time, asked.learningDays, asked.learningActiveDays)) {
    if (records <= asked.unlearnedRecords || before > asked.unlearnedRecords) return undefined;
    return { reason: `${told}, and little is known of this user yet` };
  }
  const days = known?.days ?? 0;
  const usual = unusual(records, state, { day, days }, asked);
  if (!usual || unusual(before, state, { day, days }, asked)) return undefined;
  const most = usual.most === 0 ? "usually none" : `usually at most ${usual.most.toLocaleString("en-US")}`;
  return { reason: `${told}; ${most}` };
}

function unusual(
  records: number,
  state: Exports,
  { day, days }: { day: number; days: number },
  asked: Asked,
): Usual | undefined {
  const limits = { least: asked.dayRecords, times: asked.times, spreads: asked.spreads };
  return unusualFor(records, exportDays(state, day, days), day, limits);
}
