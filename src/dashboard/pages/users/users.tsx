import { useAsked } from "../../data/use-asked.ts";
import { NoPermission } from "../../parts/states.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { useMay, useViewer } from "../../session/viewer.ts";
import { userWords as words } from "../../words/users.ts";
import { words as shared } from "../../words.ts";
import { Factor } from "./factor.tsx";
import { Keys } from "./keys.tsx";
import { People } from "./people.tsx";

const tabs = ["people", "keys", "factor"] as const;

/** People and what they may do, the keys of programs, and the viewer's own second factor. */
export default function Users() {
  const [tab, setTab] = useAsked("tab", tabs);
  const may = { people: useMay("user.read"), keys: useMay("apiKey.read"), factor: useViewer().kind === "USER" };
  const shown = tabs.filter((key) => may[key]);
  const current = may[tab] ? tab : shown[0];
  if (!current) return <NoPermission text={shared.states.forbidden("user.read")} />;
  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      <Tabs
        label={words.title}
        tabs={shown.map((key) => ({ key, label: words.tabs[key] }))}
        shown={current}
        onShow={setTab}
      >
        <div className="tab-body">
          {current === "people" && <People />}
          {current === "keys" && <Keys />}
          {current === "factor" && <Factor />}
        </div>
      </Tabs>
    </>
  );
}
