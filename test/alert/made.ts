/** Incidents and alerts of one organization, for tests. */
import { v7 as uuidv7 } from "uuid";
import type { TestDatabase } from "../support/database.ts";

interface Incident {
  title?: string;
  severity?: string;
  isOpen?: boolean;
  subject?: string;
  number: number;
}

export function maker(test: TestDatabase, organizationId: string) {
  const channel = uuidv7();
  let ready: Promise<unknown> | undefined;
  return {
    channel,
    async incident({
      title = "i",
      severity = "HIGH",
      isOpen = true,
      subject = "ann",
      number,
    }: Incident): Promise<string> {
      const id = uuidv7();
      await test.db.query(
        organizationId,
        `INSERT INTO security_incidents (organization_id, id, number, title, severity, status, fingerprint, threat_score,
           subjects, tags, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, '{}', 1, 1, now(), now(), now(), now(), now())`,
        [
          organizationId,
          id,
          number,
          title,
          severity,
          isOpen ? "OPEN" : "RESOLVED",
          `f${number}`,
          JSON.stringify([{ kind: "USER", key: subject }]),
        ],
      );
      return id;
    },
    async alert(incidentId: string, status: string, createdAt = new Date()): Promise<string> {
      ready ??= test.db.query(
        organizationId,
        "INSERT INTO alert_channels (organization_id, id, kind, name) VALUES ($1, $2, 'EMAIL', 'post')",
        [organizationId, channel],
      );
      await ready;
      const id = uuidv7();
      await test.db.query(
        organizationId,
        `INSERT INTO security_alerts (organization_id, id, incident_id, channel_id, recipient, status, created_at)
         VALUES ($1, $2::uuid, $3, $4, $2::uuid::text, $5, $6)`,
        [organizationId, id, incidentId, channel, status, createdAt],
      );
      return id;
    },
  };
}
