/** Lines of the source that keep organizations apart, and what each becomes when it no longer does. */
export const sourceMutants: { file: string; from: string; to: string; why: string }[] = [
  {
    file: "src/database/tenant-pool.ts",
    from: "set_config('app.organization_id', $1, true)",
    to: "set_config('app.organization_id', $1, false)",
    why: "the setting outlives the transaction of one statement",
  },
  {
    file: "src/db.ts",
    from: "escapeLiteral(organizationId)}, true)",
    to: "escapeLiteral(organizationId)}, false)",
    why: "the setting outlives the transaction of several statements",
  },
  {
    file: "src/db.ts",
    from: "const known = clients.get(organizationId);",
    to: "const known = [...clients.values()][0];",
    why: "one Prisma client for all",
  },
  {
    file: "src/ingest/lanes.ts",
    from: "const known = lanes.get(organizationId);",
    to: "const known = [...lanes.values()][0];",
    why: "one lane for all, so one's events are counted with another's",
  },
  {
    file: "src/publish/gauges.ts",
    from: "const known = shared.get(organizationId);",
    to: "const known = [...shared.values()][0];",
    why: "one answer of the gauges for all",
  },
  {
    file: "src/access/authenticate.ts",
    from: "users.get(`$" + "{organizationId}/$" + "{column}/$" + "{value}`",
    to: "users.get(`$" + "{column}/$" + "{value}`",
    why: "one cache of users for all",
  },
  {
    file: "src/schema/context.ts",
    from: "db.prisma(viewerOf(context).organizationId)",
    to: 'db.prisma("00000000-0000-7000-8000-000000000000")',
    why: "reads run as nobody's organization",
  },
];
