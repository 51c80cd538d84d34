import { counted } from "./counted.ts";

/** INCIDENT_RESOLVED as people write it: Incident resolved. */
export function actionText(code: string): string {
  const text = code
    .replaceAll("_", " ")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/\bapi\b/, "API");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The audit log. */
export const auditWords = {
  title: "Audit",
  entries: "Entries",
  lead: "Who did or saw what, newest first. Nothing here can be changed or removed by anybody, administrators included.",
  actor: "Who",
  action: "What was done",
  from: "From",
  to: "to",
  export: "Export…",
  columns: { at: "When", what: "What", who: "Who", which: "To what", seq: "No." },
  empty: "No entry matches.",
  entry: (seq: number) => `Entry ${seq.toLocaleString()}`,
  hash: "Its hash",
  previous: "Hash before",
  first: "none: it is the first",
  detail: "More about it",
  verify: {
    question: "Is the log as it was written?",
    how: "Each entry carries a hash of the one before it, and signed checkpoints are kept outside the database. Vigil computes them all anew and compares.",
    verify: "Verify now",
    again: "Verify again",
    failed: "It could not be verified.",
    good: "The log is as it was written: nothing was changed, moved or removed.",
    bad: (seq: number, upTo?: number) =>
      upTo === undefined
        ? `The log was tampered with, or damaged: entry ${seq.toLocaleString()} is wrong.`
        : `The log was tampered with, or damaged: something is wrong between entry ${seq.toLocaleString()} and ${upTo.toLocaleString()}.`,
    looked: (entries: number, checkpoints: number) =>
      `${counted(entries, "entry", "entries")} and ${counted(checkpoints, "signed checkpoint")} were compared.`,
    cut: (seq: number) =>
      `Entries up to ${seq.toLocaleString()} were kept long enough and then removed, as a signed note says.`,
    lost: (from: number, upTo: number) =>
      `Signed entries ${from.toLocaleString()} to ${upTo.toLocaleString()} were lost when an older state was restored, which was noted:`,
    unknown: (count: number) =>
      `${counted(count, "line of the checkpoint file is", "lines of the checkpoint file are")} unreadable, or signed by another key.`,
    whatNow:
      "Leave the server as it is, take an export, and compare it with your last backup and with the checkpoint file.",
    last: (seq: number) => `The last good entry is ${seq.toLocaleString()}, with the hash`,
    faults: {
      CHANGED: "An entry was changed.",
      CUT: "The end of the log was removed.",
      FORGED: "A checkpoint is forged.",
      MISSING: "An entry is missing.",
      REBUILT: "The whole chain was computed anew.",
      REORDERED: "Entries have changed places.",
      ROLLED_BACK: "An older state of the database was restored.",
      UNLINKED: "An entry does not follow the one before it.",
    },
  },
  exporting: {
    title: "Export the audit log",
    lead: "A file with one entry a line, which anybody can verify without this server. That you took it is an entry of its own.",
    from: "From",
    to: "Up to",
    open: "Empty: no limit",
    make: "Make the export",
    ready: "The export is ready",
    download: "Download audit.ndjson",
    key: "The key that its checkpoints are signed with. Keep it apart from the file.",
    check: "To verify it: node docs/verify-audit.mjs audit.ndjson --key KEY",
  },
} as const;
