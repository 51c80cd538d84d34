import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { DashboardArrangeDocument, WidgetChangeDocument, WidgetNewDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorAt, FormErrors, SelectField, TextField } from "../../parts/field.tsx";
import { widgetTypes } from "../../widgets/table.ts";
import type { Settings } from "../../widgets/widget.ts";
import { overviewWords as words } from "../../words/overview.ts";
import { words as shared } from "../../words.ts";
import { type Panel, type Place, typeOf } from "./panel.ts";

interface ConfigureWidgetProps {
  dashboardId: string;
  /** Which one; undefined: a new one. */
  panel?: Panel;
  panels: readonly Panel[];
  onClose: () => void;
  onDone: () => void;
}

const kinds = Object.entries(widgetTypes).map(([value, { title }]) => ({ value, label: title }));
const sides = ["x", "y", "width", "height"] as const;

/** What a widget shows, what it is called, and where it stands: also for whoever does not drag. */
export function ConfigureWidget({ dashboardId, panel, panels, onClose, onDone }: ConfigureWidgetProps) {
  const [type, setType] = useState(panel ? typeOf(panel) : "counter");
  const shape = widgetTypes[type];
  const [settings, setSettings] = useState<Settings>(panel?.settings ?? {});
  const [title, setTitle] = useState(panel?.title ?? "");
  const [place, setPlace] = useState<Place | undefined>(panel);
  const create = useMutation(WidgetNewDocument);
  const change = useMutation(WidgetChangeDocument);
  const arrange = useMutation(DashboardArrangeDocument);
  const errors = [...create.errors, ...change.errors, ...arrange.errors];

  const [main] = shape?.settings.filter(({ key }) => key !== "range") ?? []; // the same of another time is called the same
  const name = title.trim() || main?.options?.[String(settings[main.key] ?? "")] || shape?.title || type;

  async function save(): Promise<void> {
    if (!shape) return;
    const input = { kind: shape.kind, title: name, settings: { ...settings, widget: type } };
    if (!panel) {
      const y = Math.max(0, ...panels.map((one) => one.y + one.height));
      const at = { x: 0, y, width: shape.width, height: shape.height };
      if (await create.run({ input: { dashboardId, ...input, ...at } })) onDone();
      return;
    }
    if (!(await change.run({ id: panel.id, input }))) return;
    const moved = place && sides.some((side) => place[side] !== panel[side]);
    if (moved) {
      const { x, y, width, height } = place;
      const places = [{ widgetId: panel.id, x, y, width, height }];
      if (!(await arrange.run({ id: dashboardId, places }))) return;
    }
    onDone();
  }

  return (
    <Dialog
      open
      title={panel ? words.configure(panel.title) : words.addWidget}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{shared.do.cancel}</Button>
          <Button kind="primary" busy={create.busy || change.busy || arrange.busy} onClick={() => void save()}>
            {panel ? shared.do.save : shared.do.add}
          </Button>
        </>
      }
    >
      <SelectField label={words.kind} value={type} onChange={setType} options={kinds} />
      {shape?.settings.map(({ key, label, options }) => {
        const value = typeof settings[key] === "string" ? settings[key] : "";
        const set = (next: string) => setSettings({ ...settings, [key]: next });
        if (!options) return <TextField key={key} label={label} value={value} onChange={set} rows={6} />;
        const choices = Object.entries(options).map(([one, text]) => ({ value: one, label: text }));
        const chosen = value in options ? value : (choices[0]?.value ?? "");
        return <SelectField key={key} label={label} value={chosen} onChange={set} options={choices} />;
      })}
      <TextField
        label={words.title}
        value={title}
        onChange={setTitle}
        placeholder={name}
        error={errorAt(errors, "input", "title")}
      />
      {place && (
        <fieldset className="places">
          <legend>{words.place}</legend>
          {sides.map((side) => (
            <TextField
              key={side}
              label={words[side]}
              type="number"
              value={String(place[side])}
              onChange={(text) => setPlace({ ...place, [side]: Math.max(0, Math.trunc(Number(text) || 0)) })}
            />
          ))}
        </fieldset>
      )}
      <FormErrors errors={errors} shown={["input.title"]} />
    </Dialog>
  );
}
