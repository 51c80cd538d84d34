import "./notifications.css";
import { useAsked } from "../../data/use-asked.ts";
import { Tabs } from "../../parts/tabs.tsx";
import { notificationWords as words } from "../../words/notifications.ts";
import { Contact } from "./contact.tsx";
import { Inbox } from "./inbox.tsx";
import { Preferences } from "./preferences.tsx";

const tabs = ["inbox", "preferences"] as const;

/** What Vigil told the viewer, and how they want to be told. */
export default function Notifications() {
  const [tab, setTab] = useAsked("tab", tabs);
  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      <Tabs label={words.title} tabs={tabs.map((key) => ({ key, label: words.tabs[key] }))} shown={tab} onShow={setTab}>
        <div className="tab-body">
          {tab === "inbox" ? (
            <Inbox />
          ) : (
            <>
              <Contact />
              <Preferences />
            </>
          )}
        </div>
      </Tabs>
    </>
  );
}
