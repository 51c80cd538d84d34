/** docs/rule-fields.md: by which names rules may call what an event holds, read off the tables that answer them. */
import type { SecurityEvent } from "../../ingest/event.ts";
import { ecsFields, mappingOf, ownFields } from "./field-tables.ts";
import { modifierNames } from "./modifiers.ts";
import type { Read } from "./read-sent.ts";

/** An event whose every field says where it stands in an event as it is sent; what Vigil adds says so. */
const said = {
  ...Object.fromEntries(
    ["id", "time", "action", "category", "outcome", "severity", "userAgent", "device", "sessionId", "message"].map(
      (name) => [name, `\`${name}\``],
    ),
  ),
  clientId: "`id`",
  id: "made by Vigil: the event's own id",
  receivedAt: "made by Vigil: when it arrived",
  actor: {
    id: "`actor.id`",
    name: "`actor.name`, else `actor.email`, else `actor.id`",
    email: "`actor.email`",
    roles: "`actor.roles`",
  },
  source: {
    ip: "`source.ip`",
    port: "`source.port`",
    country: "`source.country`, else the address's",
    city: "`source.city`, else the address's",
  },
  target: { type: "`target.type`", id: "`target.id`", name: "`target.name`", patientId: "`target.patientId`" },
  logsource: { product: "`logsource.product`", service: "`logsource.service`", category: "`logsource.category`" },
  http: Object.fromEntries(
    ["method", "path", "query", "status", "bytes", "durationMs", "referrer", "host"].map((name) => [
      name,
      `\`http.${name}\``,
    ]),
  ),
  attributes: {},
  enrichment: {
    network: {
      asn: "the address's network: its number",
      name: "the address's network: its name",
      kind: "the address's network: its kind",
    },
    agent: { browser: "`userAgent`: the browser", os: "`userAgent`: the system", device: "`userAgent`: the device" },
  },
} as unknown as SecurityEvent;

/** What is made of several fields. */
const composed = new Map([
  ["url.original", "`http.path`, and `http.query` behind a question mark; scheme and host before, if sent"],
  ["url.extension", "the end of `http.path` behind its last dot"],
  [
    "user.name.folded",
    "`user.name` in lower case, without accents, differences of width, unseen characters and blanks too many: one for all spellings of a name",
  ],
  ["event.slot", "which five minutes `time` falls into: counted by value, how long something goes on"],
  ["source.network", "the /64 of `source.ip`, where it is IPv6: one customer has all of it"],
  [
    "record.count",
    "how many records an export holds: the first number among `count`, `rows`, `records`, `recordCount`, `record_count`, `rowCount`, `row_count` and `export.count`, `export.rows`, `export.records`",
  ],
  ["http.input", "path, query, body, cookies and own headers of a request, decoded: see [rules](rules.md)"],
  ["http.command", "the same as a shell reads it"],
  ["http.uploads", "the names of uploaded files"],
  ["http.input.headers", "the headers of a request, decoded"],
]);

/** Where a field comes from, in an event as it is sent. */
function originOf(name: string, read: Read): string {
  const twin = [...ecsFields, ...ownFields].find(([other, one]) => one === read && composed.has(other))?.[0];
  return composed.get(twin ?? name) ?? String(read(said));
}

/** Names by what they are read from, in the order in which they first stand in the tables. */
function byOrigin(...tables: readonly ReadonlyMap<string, Read>[]): Map<string, string[][]> {
  const rows = new Map<string, string[][]>();
  for (const [column, table] of tables.entries()) {
    for (const [name, read] of table) {
      const origin = originOf(name, read);
      const row = rows.get(origin) ?? tables.map(() => []);
      row[column]?.push(`\`${name}\``);
      rows.set(origin, row);
    }
  }
  return rows;
}

export function fieldsPage(): string {
  const web = mappingOf({ category: "webserver" }) ?? new Map();
  const rows = [...byOrigin(ecsFields, ownFields, web)].map(
    ([origin, columns]) => `| ${[origin, ...columns.map((names) => names.join(", "))].join(" | ")} |`,
  );
  const modifiers = modifierNames.map((name) => `\`${name}\``).join(", ");
  return `# Fields of rules

Written from the code by \`npm run schema\`; do not edit.

A rule asks for a field by the name under which the event was sent, or by one of these. What you sent under a name of your own, or
in \`attributes\`, has that name (\`count\`, \`shift.name\`; \`attributes.count\` where Vigil has a \`count\` of its own): it is looked for
first. A field that is not there fits nothing but \`null\` and \`exists: false\`.

| as it is sent | ECS | Vigil's own | web servers and proxies (\`category: webserver\`, \`proxy\`) |
| --- | --- | --- | --- |
${rows.join("\n")}

\`actor.roles\` and other lists fit where one of their elements does. Texts are compared without regard to case unless a clause is
\`cased\`. \`logsource\` chooses the events: each of \`product\`, \`service\` and \`category\` that a rule names must be the event's
(\`category\` of the event's own category, too: \`authentication\`, \`data\`…).

Events of the categories authentication, authorization, access, data, configuration and of web logs have no other fields than these and
ECS's: a rule that asks them for another is refused, with the nearest name. Products have fields of their own, which are theirs to name.

Modifiers (\`field|modifier\`), as Sigma 2.1.0 has them: ${modifiers}.
`;
}
