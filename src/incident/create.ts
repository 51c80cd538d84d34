/** An incident that a person opens: something no rule has seen. */
import { randomUUID } from "node:crypto";
import { canonicalAddress } from "../address.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { Severity } from "../ingest/event.ts";
import type { WordsVault } from "../secrets/words.ts";
import { oneSpelling } from "../user-name.ts";
import type { Changed } from "./move.ts";
import { readReason } from "./move.ts";
import { reportIncident } from "./report.ts";

const mostSubjects = 20;

export interface NewIncident {
  title: string;
  severity: Severity;
  /** What happened, in words: sealed. */
  description: string;
  subjects: { kind: string; key: string }[];
  tags: string[];
  /** 0 to 100. */
  threatScore: number;
  actor: string;
  now: number;
}

/** Opens it. Errors: BAD_USER_INPUT. */
export async function createIncident(
  tx: Tx,
  vault: WordsVault,
  { title, severity, description, subjects, tags, threatScore, actor, now }: NewIncident,
): Promise<Changed & { id: string }> {
  const name = title.trim();
  const bad = (message: string, field: string): never => {
    throw new VigilError("BAD_USER_INPUT", message, { path: ["input", field] });
  };
  if (name === "" || name.length > 300) bad("A title has 1 to 300 characters.", "title");
  if (subjects.length > mostSubjects) bad("An incident is about at most 20 subjects.", "subjects");
  if (subjects.some(({ key }) => key.trim() === "" || key.length > 300))
    bad("A subject's key has 1 to 300 characters.", "subjects");
  if (tags.length > 50 || tags.some((tag) => !/^[\w.:-]{1,100}$/.test(tag))) {
    bad("Tags are at most 50 words of letters, digits, dots and hyphens, e.g. attack.t1078.", "tags");
  }
  const words = readReason(description, "An incident", ["input", "description"]);
  const report = {
    title: name,
    severity,
    fingerprint: `manual:${randomUUID()}`,
    threatScore,
    subjects: subjects.map(({ kind, key }) => ({ kind, key: inOneSpelling(kind, key.trim()) })),
    tags,
    message: `${actor} opened the incident`,
    words,
    actor,
    now,
  };
  return reportIncident(tx, report, vault);
}

/** As detections have it, or it would be somebody else's: a user's e-mail address, an address. */
function inOneSpelling(kind: string, key: string): string {
  if (kind === "USER") return oneSpelling(key);
  return kind === "ADDRESS" ? (canonicalAddress(key) ?? key) : key;
}
