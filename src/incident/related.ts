/** Incidents that have to do with one another: by a word they are found by, or by whom they are about. */

/** SQL: that an incident has every word of `$n`, as the function search_terms cuts them. */
export function searchCondition(place: number): string {
  return `id IN (SELECT t.incident_id FROM incident_terms t
    WHERE t.organization_id = $1 AND t.term = ANY (SELECT search_terms($${place}))
    GROUP BY t.incident_id HAVING count(*) = (SELECT count(*) FROM search_terms($${place})))`;
}

/**
 * SQL for the ids of incidents that share a subject with the incident `$2`, those that share most and came last first;
 * without `$4`, patients that both are about do not count.
 */
export const relatedIncidents = `SELECT owner, ARRAY(SELECT id FROM (
    SELECT other.incident_id AS id, count(*)::int AS shared
    FROM incident_terms mine
    JOIN incident_terms other ON other.organization_id = $1 AND other.term = mine.term AND other.incident_id <> mine.incident_id
    WHERE mine.organization_id = $1 AND mine.incident_id = owner AND mine.term ~ '^(user|address|host|session|device|service|patient|other):'
      AND ($4::boolean OR mine.term !~ '^patient:')
    GROUP BY other.incident_id ORDER BY shared DESC, id DESC LIMIT $3) shared) AS ids
  FROM unnest($2::uuid[]) AS owners(owner)`;
