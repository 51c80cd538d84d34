import "./settings.css";
import { useQuery } from "../../data/use-query.ts";
import { SettingsOfDocument, type SettingsOfQuery } from "../../generated/graphql.ts";
import { Loaded } from "../../parts/states.tsx";
import { useMay } from "../../session/viewer.ts";
import { settingsWords as words } from "../../words/settings.ts";
import { Clocks } from "./clocks.tsx";
import { General } from "./general.tsx";
import { Privacy } from "./privacy.tsx";
import { Protection } from "./protection.tsx";
import { Retention } from "./retention.tsx";

export type Organization = SettingsOfQuery["organization"];

/** What holds for the whole organization. Each part is saved by itself. */
export default function Settings() {
  const state = useQuery(SettingsOfDocument, {}, { anew: true });
  const mayRetention = useMay("retention.read");
  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
        <span className="muted small">{state.data?.organization.name}</span>
      </div>
      <Loaded of={state} lines={10}>
        {({ organization }) => (
          <div className="settings">
            <General organization={organization} onSaved={state.reload} />
            <Protection organization={organization} onSaved={state.reload} />
            <Clocks organization={organization} onSaved={state.reload} />
            <Privacy organization={organization} onSaved={state.reload} />
            {mayRetention && <Retention />}
          </div>
        )}
      </Loaded>
    </>
  );
}
