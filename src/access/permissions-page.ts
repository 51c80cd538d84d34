import { permissionsOf, permissionTable } from "./permissions.ts";
import { keyRoles, peopleRoles } from "./viewer.ts";

const roles = [...peopleRoles, ...keyRoles];

/** docs/permissions.md, as the permission table says it. */
export function permissionsPage(): string {
  const rows = Object.entries(permissionTable).map(([permission, { does, ...row }]) => {
    const marks = roles.map((role) => ((row.roles as readonly string[]).includes(role) ? "yes" : ""));
    return `| \`${permission}\` | ${"phi" in row ? `${does} **PHI**` : does} | ${marks.join(" | ")} |`;
  });
  return `# Who may do what

Written from \`src/access/permissions.ts\` by \`npm run schema\`; do not edit. The same table decides every request, and
\`viewer { permissions }\` answers it for whoever asks.

People are ${peopleRoles.join(", ")}; programs (API keys) are ${keyRoles.join(" and ")}. An API key may be given fewer
permissions than its role by its scopes.

| permission | lets | ${roles.join(" | ")} |
|---|---|${roles.map(() => "---").join("|")}|
${rows.join("\n")}

Where \`organization { secondFactorRequired }\` is on, ADMIN needs a second factor for everything, and everybody for what
is marked PHI (${permissionsOf("ADMIN")
    .filter((permission) => "phi" in permissionTable[permission])
    .join(", ")}).
`;
}
