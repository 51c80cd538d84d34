/** The operations that acceptance checks send, word for word (API.md section 4), as far as they exist. */
import { graphql } from "../generated/gql.ts";

export const ingest = graphql(`
mutation Ingest($input: SecurityEventsIngestInput!) { securityEventsIngest(input: $input) { accepted duplicates rejected { index code message } userErrors { code message path } } }
`);

export const incidents = graphql(`
query Incidents { incidents(first: 50, orderBy: [{field: CREATED_AT, direction: DESC}]) { totalCount nodes { id number title severity status threatScore openedAt detectionCount subjects { kind key } rule { name } } pageInfo { hasNextPage endCursor } } }
`);

export const incident = graphql(`
query Incident($number: Int!) { incident(number: $number) { id revision entries(first: 50) { nodes { kind at message actor } } actions(first: 20) { nodes { id type status target expiresAt } } alerts(first: 20) { nodes { id status channel { kind name } attempts { at outcome detail } heldBy { kind reason } } } detections(first: 20) { nodes { id rule { name } firstEventAt lastEventAt eventCount } } } }
`);

export const detections = graphql(`
query Detections($first: Int!, $after: String) { detections(first: $first, after: $after) { nodes { id fingerprint rule { id name } subjects { kind key } firstEventAt lastEventAt eventCount explanation } pageInfo { hasNextPage endCursor } } }
`);

export const importRules = graphql(`
mutation ImportRules($input: AlertRulesImportInput!) { alertRulesImport(input: $input) { imported rejected { document line code message } alertRules { id name } userErrors { code message path } } }
`);

export const resolve = graphql(`
mutation Resolve($id: ID!, $input: IncidentResolveInput!) { incidentResolve(id: $id, input: $input) { incident { status resolution revision } userErrors { code message path } cursor } }
`);

export const incidentEvents = graphql(`
subscription IncidentEvents($after: String) { incidentEvents(after: $after) { cursor kind incident { id number severity status } } }
`);

export const metrics = graphql(`
subscription Metrics { realtimeMetrics { at eventsPerSecond openIncidents activeThreats alertsQueued detectionsPerMinute ingestLagMs } }
`);
