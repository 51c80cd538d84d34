import type { AuditRowFragment } from "../../generated/graphql.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Time } from "../../parts/time.tsx";
import { actionText, auditWords as words } from "../../words/audit.ts";

/** One entry with all that it says. */
export function EntryDialog({ entry, onClose }: { entry: AuditRowFragment; onClose: () => void }) {
  return (
    <Dialog open wide title={words.entry(entry.seq)} onClose={onClose}>
      <dl className="facts">
        <dt>{words.columns.what}</dt>
        <dd>
          {actionText(entry.action)} <code className="muted">{entry.action}</code>
        </dd>
        <dt>{words.columns.who}</dt>
        <dd>{entry.actor}</dd>
        <dt>{words.columns.at}</dt>
        <dd>
          <Time at={entry.at} />
        </dd>
        <dt>{words.columns.which}</dt>
        <dd>
          {actionText(entry.entityKind)} <code>{entry.entityId}</code>
        </dd>
        <dt>{words.hash}</dt>
        <dd>
          <code>{entry.hash}</code>
        </dd>
        <dt>{words.previous}</dt>
        <dd>
          <code>{entry.previousHash || words.first}</code>
        </dd>
      </dl>
      <section className="stack">
        <h3>{words.detail}</h3>
        <pre className="audit-detail">{JSON.stringify(entry.detail, null, 2)}</pre>
      </section>
    </Dialog>
  );
}
