/** An entity as detection knows it while it judges: its profile, and when it was seen. */
import type { ProfileKind } from "./facet.ts";

export interface Entity {
  kind: ProfileKind;
  key: string;
  /** Event times, epoch ms, to the minute, so that a busy user's row does not move in its indexes with every batch; 0: never. */
  firstSeenAt: number;
  lastSeenAt: number;
  /** Name of a facet -> its state. */
  profile: Record<string, unknown>;
  /** Characters of the profile as JSON when it was read or written last. */
  size: number;
  /** It has a row. */
  stored: boolean;
}

const minuteMs = 60_000;

/** One that nothing is known of yet. */
export function newEntity(kind: ProfileKind, key: string): Entity {
  return { kind, key, firstSeenAt: 0, lastSeenAt: 0, profile: {}, size: 2, stored: false };
}

/** In place; whether anything changed. */
export function seeAt(entity: Entity, time: number): boolean {
  const minute = Math.floor(time / minuteMs) * minuteMs;
  const isFirst = entity.firstSeenAt === 0;
  if (!isFirst && minute >= entity.firstSeenAt && minute <= entity.lastSeenAt) return false;
  if (isFirst || minute < entity.firstSeenAt) entity.firstSeenAt = minute;
  if (isFirst || minute > entity.lastSeenAt) entity.lastSeenAt = minute;
  return true;
}

export function hasProfile({ profile }: Entity): boolean {
  for (const _ in profile) return true;
  return false;
}

/** A name for maps; kinds hold no blank. */
export function entityId(kind: string, key: string): string {
  return `${kind} ${key}`;
}
