import { useState } from "react";
import { useQuery } from "../../data/use-query.ts";
import {
  type MatcherRowFragment,
  RouteChangeDocument,
  type RouteListQuery,
  RouteMakeDocument,
  type RouteRowFragment,
  RouteTemplatesDocument,
} from "../../generated/graphql.ts";
import { CheckField, errorAt, placeOf, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { useMakeOrChange } from "../../parts/use-save.ts";
import { routeWords as words } from "../../words/channels.ts";
import { Matchers } from "../silences/matchers.tsx";
import { moreInput, moreOf, RouteMoreFields } from "./route-more.tsx";

interface RouteFormProps {
  route: RouteRowFragment | undefined;
  given: RouteListQuery;
  onClose: () => void;
  onDone: () => void;
}

const choices = (none: string, all: readonly { id: string; name: string }[]) => [
  { value: "", label: none },
  ...all.map(({ id, name }) => ({ value: id, label: name })),
];

/** A route, new or changed. */
export function RouteForm({ route, given, onClose, onDone }: RouteFormProps) {
  const [name, setName] = useState(route?.name ?? "");
  const [matchers, setMatchers] = useState<MatcherRowFragment[]>(
    route ? [...route.matchers] : [{ field: "SEVERITY", operator: "AT_LEAST", value: "HIGH" }],
  );
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(route?.channels.map(({ id }) => id)));
  const [goesOn, setGoesOn] = useState(route?.goesOn ?? false);
  const [tellsResolved, setTellsResolved] = useState(route?.tellsResolved ?? true);
  const [parent, setParent] = useState(route?.parent?.id ?? "");
  const [position, setPosition] = useState(route ? String(route.position) : "");
  const [policy, setPolicy] = useState(route?.escalationPolicy?.id ?? "");
  const [template, setTemplate] = useState(route?.template ?? "");
  const [more, setMore] = useState(moreOf(route));
  const found = useQuery(RouteTemplatesDocument, {});
  const templates = found.data?.alertTemplates.nodes ?? [];
  const names = [...new Set([...templates.map((one) => one.name), ...(route?.template ? [route.template] : [])])];
  const documents = { make: RouteMakeDocument, change: RouteChangeDocument };
  const { keep, errors, busy } = useMakeOrChange(route, documents, words.saved, () => {
    onDone();
    onClose();
  });
  const at = (field: string) => errorAt(errors, "input", field);

  async function save(): Promise<void> {
    const input = {
      name: name.trim(),
      matchers: matchers.map(({ field, operator, value }) => ({ field, operator, value: value.trim() })),
      channelIds: [...chosen],
      goesOn,
      tellsResolved,
      parentId: parent || null,
      ...(position.trim() === "" ? {} : { position: Math.trunc(Number(position)) }),
      escalationPolicyId: policy || null,
      template: template || null,
      ...moreInput(more),
    };
    await keep(input);
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
      shown={[
        ...["name", "parentId", "position", "escalationPolicyId", "template"],
        ...["groupWaitSeconds", "groupIntervalSeconds", "repeatIntervalSeconds"],
        ...errors.map(({ path }) => placeOf(path)).filter((place) => /^(matchers|muteTimes)/.test(place)),
      ]}
      busy={busy}
      onClose={onClose}
      onSave={() => void save()}
    >
      <div className="form-pair">
        <TextField label={words.name} value={name} onChange={setName} error={at("name")} />
        <SelectField
          label={words.parent}
          value={parent}
          onChange={setParent}
          options={choices(
            words.noParent,
            given.alertRoutes.filter(({ id }) => id !== route?.id),
          )}
          error={at("parentId")}
        />
        <TextField
          label={words.position}
          hint={words.positionHint}
          type="number"
          value={position}
          onChange={setPosition}
          error={at("position")}
        />
      </div>
      <Matchers legend={words.which} matchers={matchers} onChange={setMatchers} errors={errors} mayBeEmpty />
      <fieldset className="form-set">
        <legend>{words.tells}</legend>
        {given.alertChannels.length === 0 && <p className="muted small">{words.noChannels}</p>}
        {given.alertChannels.map((channel) => (
          <CheckField
            key={channel.id}
            label={channel.name}
            checked={chosen.has(channel.id)}
            onChange={() => choose(channel.id)}
          />
        ))}
      </fieldset>
      <div className="form-pair">
        <SelectField
          label={words.policy}
          value={policy}
          onChange={setPolicy}
          options={choices(words.noPolicy, given.escalationPolicies)}
          error={at("escalationPolicyId")}
        />
        <SelectField
          label={words.template}
          value={template}
          onChange={setTemplate}
          options={choices(
            words.noTemplate,
            names.map((one) => ({ id: one, name: one })),
          )}
          error={at("template") ?? found.error?.message}
        />
      </div>
      <CheckField label={words.goesOnLabel} checked={goesOn} onChange={setGoesOn} />
      <CheckField label={words.tellsResolved} checked={tellsResolved} onChange={setTellsResolved} />
      <RouteMoreFields more={more} onChange={(part) => setMore({ ...more, ...part })} errors={errors} />
    </FormDialog>
  );
}
