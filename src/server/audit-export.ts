import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { audit } from "../access/audit.ts";
import { VigilError } from "../errors.ts";
import type { Services } from "../schema/context.ts";
import { credentialOf } from "./credential.ts";
import { permit } from "./permit.ts";

interface Asked {
  organizationId: string;
  actor: string;
  from?: Date | undefined;
  to?: Date | undefined;
}

/** GET /audit/export?from&to: the audit log as NDJSON, line by line, by one's own permission or a ticket of auditExport. */
export async function handleAuditExport(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  parameters: URLSearchParams,
  address: string | undefined,
): Promise<void> {
  const { organizationId, actor, from, to } = await askedBy(services, request, parameters);
  if (request.method === "HEAD") return void response.writeHead(200).end();
  const detail = {
    from: from?.toISOString() ?? null,
    to: to?.toISOString() ?? null,
    address: address ?? null,
  };
  await services.db.inOrganization(organizationId, (tx) =>
    audit(tx, { actor, action: "AUDIT_EXPORTED", entityKind: "AuditEntry", entityId: "range", detail }),
  );
  response.writeHead(200, {
    "Content-Type": "application/x-ndjson; charset=utf-8",
    "Content-Disposition": `attachment; filename="vigil-audit-${new Date(services.now()).toISOString().slice(0, 10)}.ndjson"`,
  });
  await pipeline(Readable.from(services.auditTrail.export(organizationId, { from, to })), response);
}

async function askedBy(services: Services, request: IncomingMessage, parameters: URLSearchParams): Promise<Asked> {
  const ticket = parameters.get("ticket");
  if (ticket !== null) return services.auditTrail.readTicket(ticket);
  const credential = credentialOf(request);
  if (credential === undefined) throw new VigilError("UNAUTHENTICATED", "Send a token: Authorization: Bearer …");
  const viewer = await services.authenticator.authenticate(credential);
  await permit(services, viewer, "audit.export", "export the audit log");
  const { organizationId, kind, name, id } = viewer;
  const actor = kind === "USER" ? name : id;
  return { organizationId, actor, from: timeOf(parameters, "from"), to: timeOf(parameters, "to") };
}

function timeOf(parameters: URLSearchParams, name: string): Date | undefined {
  const text = parameters.get(name);
  if (text === null || text === "") return undefined;
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new VigilError("BAD_USER_INPUT", `${name} is a time like 2026-01-31T00:00:00Z`);
  return time;
}
