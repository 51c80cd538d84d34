import type { FormEvent, ReactNode } from "react";
import type { UserError } from "../../data/use-mutation.ts";
import { Button } from "../../parts/button.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { words } from "../../words.ts";

interface PartProps {
  title: string;
  lead: string;
  /** Whether the viewer may change it. */
  may: boolean;
  errors: readonly UserError[];
  shown: readonly string[];
  busy: boolean;
  onSave: () => void;
  children: ReactNode;
}

/** One part of the settings with a button of its own; read only for whoever may not change it. */
export function Part({ title, lead, may, errors, shown, busy, onSave, children }: PartProps) {
  function submit(event: FormEvent): void {
    event.preventDefault();
    onSave();
  }
  return (
    <Panel title={title} lead={lead}>
      <form className="card-body" onSubmit={submit} noValidate>
        <fieldset className="form settings-fields" disabled={!may} aria-label={title}>
          {children}
          <FormErrors errors={errors} shown={shown} />
          {may && (
            <div>
              <Button kind="primary" type="submit" busy={busy}>
                {words.do.save}
              </Button>
            </div>
          )}
        </fieldset>
      </form>
    </Panel>
  );
}
