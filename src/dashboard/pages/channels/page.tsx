import "./channels.css";
import { useAsked } from "../../data/use-asked.ts";
import { Tabs } from "../../parts/tabs.tsx";
import { channelWords as words } from "../../words/channels.ts";
import { Channels } from "./channels.tsx";
import { Routes } from "./routes.tsx";
import { Templates } from "./templates.tsx";

const tabs = ["channels", "routes", "templates"] as const;

/** Where alerts go, which go where, and how they read. */
export default function ChannelsAndRoutes() {
  const [tab, setTab] = useAsked("tab", tabs);
  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      <Tabs label={words.title} tabs={tabs.map((key) => ({ key, label: words.tabs[key] }))} shown={tab} onShow={setTab}>
        <div className="tab-body">
          {tab === "channels" && <Channels />}
          {tab === "routes" && <Routes />}
          {tab === "templates" && <Templates />}
        </div>
      </Tabs>
    </>
  );
}
