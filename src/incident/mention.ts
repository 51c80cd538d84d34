/** Who is named in a comment: @ and an e-mail address, or what stands before its @. */
import type { Tx } from "../db.ts";
import { notify } from "../publish/notify.ts";

const most = 20; // people named in one comment who are told

/** The names behind @ in Markdown, in lower case, each once; what stands in code names nobody. */
export function mentionsIn(markdown: string): string[] {
  const prose = markdown.replace(/(`{3,}|~{3,})[\s\S]*?(?:\1|$)/g, " ").replace(/(`+)[^`]*?\1/g, " ");
  const found = prose.matchAll(/(?<![\w@.+-])@([\w.+-]*\w(?:@[\w.-]*\w)?)/g);
  return [...new Set([...found].map(([, name]) => (name as string).toLowerCase()))].slice(0, most);
}

/** Tells whom the comment names, but not its author. The words of the comment are sealed: they are not repeated. */
export async function tellMentioned(
  tx: Tx,
  {
    incidentId,
    cause,
    body,
    actor,
    now,
  }: { incidentId: string; cause: string; body: string; actor: string; now: number },
): Promise<void> {
  const names = mentionsIn(body);
  if (names.length === 0) return;
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM users WHERE organization_id = $1 AND suspended_at IS NULL AND email <> $3
       AND (email = ANY ($2) OR split_part(email, '@', 1) = ANY ($2)) ORDER BY id LIMIT ${most}`,
    [tx.organizationId, names, actor],
  );
  const notice = {
    cause: `mentioned ${cause}`,
    kind: "incident.mentioned" as const,
    to: { users: rows.map(({ id }) => id) },
    priority: "NORMAL" as const,
    title: "A comment on incident #? names you",
    body: `${actor} wrote it.`,
    incidentId,
  };
  if (rows.length > 0) await notify(tx, [notice], now);
}
