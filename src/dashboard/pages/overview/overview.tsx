import { lazy, Suspense, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { isNowhere } from "../../api.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { useParam } from "../../data/use-param.ts";
import { useQuery } from "../../data/use-query.ts";
import { useTitle } from "../../data/use-title.ts";
import {
  DashboardListDocument,
  DashboardPageDocument,
  DashboardRemoveDocument,
  DashboardShareDocument,
} from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";
import { useMay } from "../../session/viewer.ts";
import { overviewWords as words } from "../../words/overview.ts";
import { words as shared } from "../../words.ts";
import { Board } from "./board.tsx";
import { BoardPicker } from "./board-picker.tsx";
import { type Asked, BoardTools } from "./board-tools.tsx";
import { ConfigureWidget } from "./configure-widget.tsx";
import { NewDashboard } from "./new-dashboard.tsx";
import type { Panel } from "./panel.ts";
import { preloadStandard, standardPanels } from "./standard.ts";

if (location.pathname === "/") preloadStandard();

const EditBoard = lazy(() => import("./edit-board.tsx"));

/** The overview that ships, and dashboards that people arrange. */
export default function Overview() {
  const id = useParam("id") || undefined;
  const [, go] = useLocation();
  const mayShare = useMay("dashboard.write");
  const list = useQuery(DashboardListDocument, {});
  const page = useQuery(DashboardPageDocument, id === undefined ? undefined : { id });
  const remove = useMutation(DashboardRemoveDocument);
  const share = useMutation(DashboardShareDocument);
  const [search] = useSearchParams();

  const [asks, setAsks] = useState<Asked>();

  const stored = (id !== undefined && page.data?.dashboard) || undefined;
  const panels: readonly Panel[] = stored ? (stored.widgets as Panel[]) : id === undefined ? standardPanels : [];
  const name = stored?.name ?? words.standard;
  useTitle(name);
  const isArranged = search.has("arrange") && (stored?.viewerCanUpdate ?? false);
  const isLoading = id !== undefined && stored === undefined && !page.error;

  function show(next: string, arranged = false): void {
    go(next === "" ? "/" : `/dashboards/${encodeURIComponent(next)}${arranged ? "?arrange" : ""}`);
  }

  return (
    <>
      <div className="page-head">
        <h1>{name}</h1>
        {stored && !stored.shared && <Badge title={words.ownOnlyHint}>{words.ownOnly}</Badge>}
        {(list.data?.dashboards.nodes.length ?? 0) > 0 && (
          <BoardPicker boards={list.data?.dashboards.nodes ?? []} value={id ?? ""} onChange={show} />
        )}
        <BoardTools
          name={name}
          panels={panels}
          stored={stored}
          isArranged={isArranged}
          mayShare={mayShare}
          onAsk={setAsks}
          onArrange={(arranged) => show(id ?? "", arranged)}
        />
      </div>
      {isLoading ? (
        <Loading lines={10} />
      ) : page.error && !stored && !isNowhere(page.error) ? (
        <Failed error={page.error} onAgain={page.reload} />
      ) : id !== undefined && !stored ? (
        <Empty text={shared.states.notFound} icon="search" />
      ) : panels.length === 0 ? (
        <Empty text={words.empty} icon="overview" />
      ) : isArranged && stored ? (
        <Suspense fallback={<Board panels={panels} />}>
          <EditBoard dashboardId={stored.id} panels={panels} onChanged={page.reload} />
        </Suspense>
      ) : (
        <Board panels={panels} />
      )}
      {asks === "new" && (
        <NewDashboard
          panels={panels}
          copyOf={stored?.id}
          mayShare={mayShare}
          onClose={() => setAsks(undefined)}
          onDone={(made) => {
            setAsks(undefined);
            list.reload();
            show(made, true);
          }}
        />
      )}
      {asks === "add" && stored && (
        <ConfigureWidget
          dashboardId={stored.id}
          panels={panels}
          onClose={() => setAsks(undefined)}
          onDone={() => {
            setAsks(undefined);
            page.reload();
          }}
        />
      )}
      {asks === "share" && stored && (
        <Confirm
          title={words.shareTitle}
          text={words.shareText(name)}
          action={words.shareDo}
          errors={share.errors}
          busy={share.busy}
          onClose={() => setAsks(undefined)}
          onConfirm={async () => {
            if (!(await share.run({ id: stored.id }))) return;
            setAsks(undefined);
            list.reload();
            page.reload();
          }}
        />
      )}
      {asks === "remove" && stored && (
        <Confirm
          title={words.removeTitle}
          text={words.removeText(name, panels.length, stored.shared)}
          action={shared.do.remove}
          errors={remove.errors}
          busy={remove.busy}
          onClose={() => setAsks(undefined)}
          onConfirm={async () => {
            if (!(await remove.run({ id: stored.id }))) return;
            setAsks(undefined);
            list.reload();
            show("");
          }}
        />
      )}
    </>
  );
}
