import { type Permission, permissions, permissionTable } from "./permissions.ts";
import { keyRoles, peopleRoles, type Role } from "./viewer.ts";

const roles: readonly Role[] = [...peopleRoles, ...keyRoles];

/** docs/permissions.md, as the permission table says it. */
export function permissionsPage(): string {
  const isPhi = (permission: Permission): boolean => "phi" in permissionTable[permission];
  const rows = permissions.map((permission) => {
    const { does, roles: allowed } = permissionTable[permission];
    const marks = roles.map((role) => ((allowed as readonly Role[]).includes(role) ? "yes" : ""));
    return [`\`${permission}\``, isPhi(permission) ? `${does} **PHI**` : does, ...marks];
  });
  return `# Who may do what

Written from \`src/access/permissions.ts\` by \`npm run schema\`; do not edit. The same table decides every request, and
\`viewer { permissions }\` answers it for whoever asks.

People are ${peopleRoles.join(", ")}; programs (API keys) are ${keyRoles.join(" and ")}. An API key may be given fewer
permissions than its role by its scopes.

${table([["permission", "lets", ...roles], ...rows])}

Where \`organization { secondFactorRequired }\` is on, ADMIN needs a second factor for everything, and everybody for what
is marked PHI (${permissions.filter(isPhi).join(", ")}).
`;
}

/** A Markdown table, its columns aligned; the first row is the head. */
function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const [head = "", ...body] = rows.map((row) => line(row.map((cell, column) => cell.padEnd(widths[column] ?? 0))));
  return [head, line(widths.map((width) => "-".repeat(width))), ...body].join("\n");
}

function line(cells: string[]): string {
  return `| ${cells.join(" | ")} |`;
}
