import { lazy, Suspense } from "react";
import { useQuery } from "../../data/use-query.ts";
import { IncidentReportDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Loaded, Loading } from "../../parts/states.tsx";
import { incidentWords as words } from "../../words/incident.ts";
import { words as shared } from "../../words.ts";
import type { IncidentDetail } from "./incident.tsx";

const Markdown = lazy(() => import("../../parts/markdown.tsx"));

/** The incident as a document, to be printed or read. */
export function ReportDialog({ incident, onClose }: { incident: IncidentDetail; onClose: () => void }) {
  const report = useQuery(IncidentReportDocument, { id: incident.id });
  return (
    <Dialog
      open
      wide
      title={words.reportTitle(incident.number)}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{shared.do.close}</Button>
          <Button icon="report" onClick={() => print()}>
            {words.print}
          </Button>
        </>
      }
    >
      <Loaded of={report} lines={12}>
        {({ incidentReport }) => (
          <Suspense fallback={<Loading />}>
            <Markdown text={incidentReport ?? ""} />
          </Suspense>
        )}
      </Loaded>
    </Dialog>
  );
}
