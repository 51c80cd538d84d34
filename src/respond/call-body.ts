/** What a call of a response webhook tells. The same bytes in every try. Pure. */
import type { CallEvent } from "../generated/prisma/client.ts";
import { identifiersIn } from "../ingest/identifiers.ts";

export interface Called {
  id: string;
  actionId: string;
  event: CallEvent;
  createdAt: Date;
  reason: string;
  actor: string;
  expiresAt: Date | null;
  number: number;
  severity: string;
  title: string;
  tags: string[];
  subjects: { kind: string; key: string }[] | null;
  openedAt: Date;
  coveredByBaa: boolean;
}

/** Which word a receiver may go by: whatever order calls arrive in, the one with the higher sequence is how it is. */
const sequences: Record<CallEvent, number> = { APPLIED: 1, REVERTED: 2, EXPIRED: 2 };

/** People and patients, and words that may name them, are in it only where an agreement covers the receiver. */
export function callBody(called: Called, publicUrl: string | undefined): object {
  const { coveredByBaa, number } = called;
  const subjects = (called.subjects ?? []).filter(({ kind }) => coveredByBaa || kind === "ADDRESS");
  return {
    type: `response.${called.event.toLowerCase()}`,
    timestamp: called.createdAt.toISOString(),
    data: {
      action: {
        id: called.actionId,
        state: called.event,
        sequence: sequences[called.event],
        expiresAt: called.expiresAt?.toISOString() ?? null,
        ...(coveredByBaa ? { reason: called.reason, actor: called.actor } : {}),
      },
      incident: {
        number,
        severity: called.severity,
        openedAt: called.openedAt.toISOString(),
        tags: coveredByBaa ? called.tags : called.tags.filter((tag) => identifiersIn(tag).size === 0),
        url: publicUrl === undefined ? null : `${publicUrl}/incidents/${number}`,
        subjects: subjects.map(({ kind, key }) => ({ kind, key })),
        ...(coveredByBaa ? { title: called.title } : {}),
      },
    },
  };
}
