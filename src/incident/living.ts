/** Where an incident that was merged lives on. */

/** SQL: the id, status and first_event_at of the incident that `id` lives on in, at whatever remove; `id` itself where it was not merged. */
export const livingOf = (id: string): string => `(WITH RECURSIVE up AS (
    SELECT id, status, first_event_at, merged_into_id, 0 AS far FROM security_incidents WHERE organization_id = $1 AND id = ${id}
    UNION ALL
    SELECT i.id, i.status, i.first_event_at, i.merged_into_id, up.far + 1 FROM up
      JOIN security_incidents i ON i.organization_id = $1 AND i.id = up.merged_into_id
  ) SELECT id, status, first_event_at FROM up ORDER BY far DESC LIMIT 1)`;
