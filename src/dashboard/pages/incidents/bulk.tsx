import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { IncidentsChangeDocument, type IncidentsUpdateInput } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { toast } from "../../parts/toast.tsx";
import { useViewer } from "../../session/viewer.ts";
import { incidentsWords as words } from "../../words/incidents.ts";
import { ResolveDialog } from "../incident/resolve-dialog.tsx";

const mostAtOnce = 100; // incidents that the API changes in one go

/** What can be done with all incidents that are chosen. A dialog that is open stays, though they leave the list. */
export function Bulk({ ids, onDone }: { ids: readonly string[]; onDone: () => void }) {
  const viewer = useViewer();
  const change = useMutation(IncidentsChangeDocument);
  const [resolves, setResolves] = useState(false);

  async function apply(input: IncidentsUpdateInput): Promise<void> {
    const rest = [...ids];
    const refused: string[] = [];
    let updated = 0;
    let isDone: boolean;
    do {
      const done = await change.run({ ids: rest.splice(0, mostAtOnce), input });
      isDone = done !== undefined;
      updated += done?.incidentsUpdate.updated ?? 0;
      refused.push(...(done?.incidentsUpdate.results.flatMap(({ userErrors }) => userErrors[0]?.message ?? []) ?? []));
    } while (isDone && rest.length > 0);
    if (updated > 0) toast(words.updated(updated));
    if (refused.length > 0) toast(words.notUpdated(refused.length, refused[0] ?? ""), "bad");
    if (!isDone) return; // why not is said by its errors
    setResolves(false);
    onDone();
  }

  if (ids.length === 0 && !resolves) return null;
  return (
    <div className="bulk">
      <strong>{words.chosen(ids.length)}</strong>
      <Button small onClick={() => apply({ move: "ACKNOWLEDGE" })} busy={change.busy}>
        {words.acknowledge}
      </Button>
      {viewer.kind === "USER" && (
        <Button small onClick={() => apply({ assignee: viewer.name })} busy={change.busy}>
          {words.assignToMe}
        </Button>
      )}
      <Button small onClick={() => setResolves(true)} busy={change.busy}>
        {words.resolve}
      </Button>
      <Button small onClick={() => apply({ move: "CLOSE" })} busy={change.busy}>
        {words.close}
      </Button>
      {!resolves && <FormErrors errors={change.errors} />}
      {resolves && (
        <ResolveDialog
          title={words.resolveTitle(ids.length)}
          errors={change.errors}
          busy={change.busy}
          onClose={() => {
            change.clear();
            setResolves(false);
          }}
          onResolve={(input) => apply({ move: "RESOLVE", ...input })}
        />
      )}
    </div>
  );
}
