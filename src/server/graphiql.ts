import { renderGraphiQL } from "@graphql-yoga/render-graphiql";

/** GraphiQL and its workers come with the page: nothing is loaded from elsewhere. */
export const graphiqlPolicy = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline' blob:",
  "worker-src blob:",
  "style-src 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self' blob: data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const tabs = [
  `# Who am I, and how is the server? (Ctrl-Enter runs it.)
# Signed in with the link that Vigil printed, you need no header; else set one below:
#   { "Authorization": "Bearer …" }
query Hello {
  viewer { name role permissions organization { slug name } }
  status { ok version uptime parts { name ok detail } }
}`,
  `# What is going on: the latest incidents that are not over.
query Incidents {
  incidents(
    first: 20
    filter: { status: { in: [OPEN, ACKNOWLEDGED, INVESTIGATING, CONTAINED] } }
    orderBy: [{ field: CREATED_AT, direction: DESC }]
  ) {
    totalCount
    nodes { number title severity status threatScore openedAt detectionCount subjects { kind key } rule { name } }
    pageInfo { hasNextPage endCursor }
  }
}`,
  `# Sends five failed log-ins. Then look at Incidents again.
mutation Ingest {
  securityEventsIngest(input: { events: [
    { action: "login", category: "authentication", outcome: "failure", actor: { name: "ada" }, source: { ip: "203.0.113.7" } }
    { action: "login", category: "authentication", outcome: "failure", actor: { name: "ada" }, source: { ip: "203.0.113.7" } }
    { action: "login", category: "authentication", outcome: "failure", actor: { name: "ada" }, source: { ip: "203.0.113.7" } }
    { action: "login", category: "authentication", outcome: "failure", actor: { name: "ada" }, source: { ip: "203.0.113.7" } }
    { action: "login", category: "authentication", outcome: "failure", actor: { name: "ada" }, source: { ip: "203.0.113.7" } }
  ] }) { accepted duplicates rejected { index code message } userErrors { code message path } }
}`,
  `# Follows every change of every incident. Resume with after: "<the last cursor>".
subscription IncidentEvents {
  incidentEvents { cursor kind at incident { number title severity status } }
}`,
];

export const graphiqlOptions = {
  title: "Vigil: GraphiQL",
  defaultTabs: tabs.map((query) => ({ query })),
  credentials: "same-origin",
  subscriptionsProtocol: "WS",
  isHeadersEditorEnabled: true,
  shouldPersistHeaders: false, // a token must not stay in the browser's storage
} as const;

let page: string | undefined;

/** The page, rendered once: it is some megabytes. */
export function renderPage(): string {
  page ??= renderGraphiQL(graphiqlOptions);
  return page;
}
