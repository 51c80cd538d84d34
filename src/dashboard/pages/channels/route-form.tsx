import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import {
  type MatcherRowFragment,
  RouteChangeDocument,
  RouteMakeDocument,
  type RouteRowFragment,
} from "../../generated/graphql.ts";
import { CheckField, errorAt, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { toast } from "../../parts/toast.tsx";
import { routeWords as words } from "../../words/channels.ts";
import { Matchers } from "../silences/matchers.tsx";

interface RouteFormProps {
  route: RouteRowFragment | undefined;
  channels: readonly { id: string; name: string }[];
  onClose: () => void;
  onDone: () => void;
}

/** A route, new or changed. What has no field here stays as it is. */
export function RouteForm({ route, channels, onClose, onDone }: RouteFormProps) {
  const [name, setName] = useState(route?.name ?? "");
  const [matchers, setMatchers] = useState<MatcherRowFragment[]>(
    route ? [...route.matchers] : [{ field: "SEVERITY", operator: "AT_LEAST", value: "HIGH" }],
  );
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(route?.channels.map(({ id }) => id)));
  const [goesOn, setGoesOn] = useState(route?.goesOn ?? false);
  const [tellsResolved, setTellsResolved] = useState(route?.tellsResolved ?? true);
  const make = useMutation(RouteMakeDocument);
  const change = useMutation(RouteChangeDocument);
  const errors = route ? change.errors : make.errors;

  async function save(): Promise<void> {
    const input = {
      name: name.trim(),
      matchers: matchers.map(({ field, operator, value }) => ({ field, operator, value: value.trim() })),
      channelIds: [...chosen],
      goesOn,
      tellsResolved,
    };
    const done = route
      ? await change.run({ id: route.id, input: { ...input, expectedRevision: route.revision } })
      : await make.run({ input });
    if (!done) return;
    toast(words.saved);
    onDone();
    onClose();
  }

  function choose(id: string): void {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  }

  return (
    <FormDialog
      wide
      title={route ? words.edit(route.name) : words.add}
      errors={errors}
      shown={["input.name", ...matchers.flatMap((_, at) => [`input.matchers.${at}.value`, `input.matchers.${at}`])]}
      busy={make.busy || change.busy}
      onClose={onClose}
      onSave={() => void save()}
    >
      <TextField label={words.name} value={name} onChange={setName} error={errorAt(errors, "input", "name")} />
      <Matchers legend={words.which} matchers={matchers} onChange={setMatchers} errors={errors} mayBeEmpty />
      <fieldset className="form-set">
        <legend>{words.tells}</legend>
        {channels.length === 0 && <p className="muted small">{words.noChannels}</p>}
        {channels.map((channel) => (
          <CheckField
            key={channel.id}
            label={channel.name}
            checked={chosen.has(channel.id)}
            onChange={() => choose(channel.id)}
          />
        ))}
      </fieldset>
      <CheckField label={words.goesOnLabel} checked={goesOn} onChange={setGoesOn} />
      <CheckField label={words.tellsResolved} checked={tellsResolved} onChange={setTellsResolved} />
    </FormDialog>
  );
}
