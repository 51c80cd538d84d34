import type { FormEvent, ReactNode } from "react";
import { Button } from "../../parts/button.tsx";
import { FormErrors, saysBroken } from "../../parts/field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { words } from "../../words.ts";
import type { Changes } from "./use-changes.ts";

interface PartProps {
  title: string;
  lead: string;
  /** Whether the viewer may change it. */
  may: boolean;
  shown: readonly string[];
  changes: Changes;
  children: ReactNode;
}

/** One part of the settings with a button of its own; read only for whoever may not change it. */
export function Part({ title, lead, may, shown, changes, children }: PartProps) {
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (!saysBroken(event.currentTarget)) void changes.save();
  }
  return (
    <Panel title={title} lead={lead}>
      <form className="card-body" onSubmit={submit} noValidate>
        <fieldset className="form settings-fields" disabled={!may} aria-label={title}>
          {children}
          <FormErrors errors={changes.errors} shown={shown} />
          {may && (
            <div>
              <Button kind="primary" type="submit" busy={changes.busy} disabled={!changes.isChanged}>
                {words.do.save}
              </Button>
            </div>
          )}
        </fieldset>
      </form>
    </Panel>
  );
}
