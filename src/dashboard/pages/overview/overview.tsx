import { lazy, Suspense, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { useMutation } from "../../data/use-mutation.ts";
import { useParam } from "../../data/use-param.ts";
import { useQuery } from "../../data/use-query.ts";
import { DashboardListDocument, DashboardPageDocument, DashboardRemoveDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { Empty, Loading } from "../../parts/states.tsx";
import { useMay } from "../../session/viewer.ts";
import { overviewWords as words } from "../../words/overview.ts";
import { words as shared } from "../../words.ts";
import { Board } from "./board.tsx";
import { ConfigureWidget } from "./configure-widget.tsx";
import { NewDashboard } from "./new-dashboard.tsx";
import type { Panel } from "./panel.ts";
import { standardPanels } from "./standard.ts";
import { download, exportText } from "./transfer.ts";

const EditBoard = lazy(() => import("./edit-board.tsx"));

/** The overview that ships, and dashboards that people arrange. */
export default function Overview() {
  const id = useParam("id") || undefined;
  const [, go] = useLocation();
  const mayWrite = useMay("dashboard.write");
  const list = useQuery(DashboardListDocument, {});
  const page = useQuery(DashboardPageDocument, id === undefined ? undefined : { id });
  const remove = useMutation(DashboardRemoveDocument);
  const [search] = useSearchParams();
  const isArranged = search.has("arrange");
  const [asks, setAsks] = useState<"new" | "add" | "remove">();

  const stored = id === undefined ? undefined : page.data?.dashboard;
  const panels: readonly Panel[] = stored ? (stored.widgets as Panel[]) : id === undefined ? standardPanels : [];
  const name = stored?.name ?? words.standard;
  const isLoading = id !== undefined && stored === undefined && !page.error;

  function show(next: string, arranged = false): void {
    go(next === "" ? "/" : `/dashboards/${encodeURIComponent(next)}${arranged ? "?arrange" : ""}`);
  }

  return (
    <>
      <div className="page-head">
        <h1>{name}</h1>
        {(list.data?.dashboards.nodes.length ?? 0) > 0 && (
          <select
            className="input board-picker"
            aria-label={words.dashboards}
            value={id ?? ""}
            onChange={(event) => show(event.target.value)}
          >
            <option value="">{words.standard}</option>
            {list.data?.dashboards.nodes.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        )}
        <div className="row push no-print">
          {mayWrite && stored && isArranged && (
            <>
              <Button icon="plus" onClick={() => setAsks("add")}>
                {words.addWidget}
              </Button>
              <Button kind="danger" onClick={() => setAsks("remove")}>
                {words.remove}
              </Button>
            </>
          )}
          {stored && (
            <Button kind="quiet" onClick={() => download(`${name}.json`, exportText(name, panels))}>
              {words.exportFile}
            </Button>
          )}
          {mayWrite && (
            <>
              <Button kind="quiet" onClick={() => setAsks("new")}>
                {words.newDashboard}
              </Button>
              <Button
                kind={isArranged ? "primary" : "plain"}
                icon={isArranged ? "check" : "edit"}
                onClick={() => (stored ? show(stored.id, !isArranged) : setAsks("new"))}
              >
                {isArranged ? words.done : words.arrange}
              </Button>
            </>
          )}
        </div>
      </div>
      {isLoading ? (
        <Loading lines={10} />
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
      <Dialog
        open={asks === "remove"}
        title={words.removeTitle}
        onClose={() => setAsks(undefined)}
        actions={
          <>
            <Button onClick={() => setAsks(undefined)}>{shared.do.cancel}</Button>
            <Button
              kind="danger"
              busy={remove.busy}
              onClick={() =>
                void (stored ? remove.run({ id: stored.id }) : Promise.resolve(undefined)).then((gone) => {
                  if (!gone) return;
                  setAsks(undefined);
                  list.reload();
                  show("");
                })
              }
            >
              {shared.do.remove}
            </Button>
          </>
        }
      >
        <p>{words.removeText(name, panels.length)}</p>
        <FormErrors errors={remove.errors} />
      </Dialog>
    </>
  );
}
