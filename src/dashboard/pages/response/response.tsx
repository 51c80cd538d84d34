import "./response.css";
import { useState } from "react";
import { useFeed } from "../../data/feed.ts";
import { incidentFeed } from "../../data/feeds.ts";
import { useAsked } from "../../data/use-asked.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import { useSoon } from "../../data/use-soon.ts";
import { BreakerDocument, BreakerResumeDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Notice } from "../../parts/panel.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { Time } from "../../parts/time.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { responseWords as words } from "../../words/response.ts";
import { ReasonDialog } from "../incident/reason-dialog.tsx";
import { Decisions } from "./decisions.tsx";
import { Enforcers } from "./enforcers.tsx";
import { Rules } from "./rules.tsx";

const tabs = ["decisions", "rules", "enforcers"] as const;

/** What is in force, who applies it, and what Vigil does by itself. */
export default function Response() {
  const [tab, setTab] = useAsked("tab", tabs);
  const mayRead = useMay("respond.read");
  const shown = tabs.filter((key) => key !== "rules" || mayRead);
  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      {mayRead && <Breaker />}
      <div className="page-tabs">
        <Tabs
          label={words.title}
          tabs={shown.map((key) => ({ key, label: words.tabs[key] }))}
          shown={tab}
          onShow={setTab}
        >
          <div className="tab-body">
            {tab === "decisions" && <Decisions />}
            {tab === "enforcers" && <Enforcers />}
            {tab === "rules" && mayRead && <Rules />}
          </div>
        </Tabs>
      </div>
    </>
  );
}

/** Whether automatic response runs; where it stopped, why, and the button that lets it go on. */
function Breaker() {
  const state = useQuery(BreakerDocument, {});
  useFeed(incidentFeed, useSoon(state.reload, 2_000)); // an incident says that it has opened
  const resume = useMutation(BreakerResumeDocument);
  const [asks, setAsks] = useState(false);
  const mayWrite = useMay("respond.write");
  const breaker = state.data?.responseBreaker;
  if (!breaker) return null;

  async function go(reason: string): Promise<void> {
    if (!(await resume.run({ reason }))) return;
    toast(words.breaker.resumed);
    setAsks(false);
    state.reload();
  }

  if (!breaker.isOpen) {
    return (
      <Notice tone="good" icon="response" title={words.breaker.runs}>
        {words.breaker.cap(breaker.cap)}
      </Notice>
    );
  }
  return (
    <>
      <Notice
        tone="bad"
        icon="incident"
        title={words.breaker.stopped}
        action={mayWrite && <Button onClick={() => setAsks(true)}>{words.breaker.resume}</Button>}
      >
        {breaker.reason} (<Time at={breaker.openedAt} as="relative" />) {words.breaker.stoppedText}
      </Notice>
      {asks && (
        <ReasonDialog
          title={words.breaker.resumeTitle}
          errors={resume.errors}
          busy={resume.busy}
          onClose={() => setAsks(false)}
          onReason={(reason) => void go(reason)}
        />
      )}
    </>
  );
}
