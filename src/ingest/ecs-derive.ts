import { canonicalAddress } from "../address.ts";
import type { EventDraft } from "./event.ts";
import { type JsonObject, valueAt } from "./json.ts";
import { textLimit } from "./readers.ts";
import { Refusal } from "./refusal.ts";
import { cleanText, truncate } from "./text.ts";

/**
 * What shippers leave to be understood. Everything read here is copied, and stays in the attributes as well: web
 * servers' documents have no event.action, proxies put the caller in client.ip, and logsource is Sigma's idea, not ECS's.
 */
export function deriveFromEcs(document: JsonObject, draft: EventDraft): void {
  const original = textAt(document, "url.original");
  if (original !== undefined && draft.http?.path === undefined) draft.http = { ...draft.http, path: original };

  const client = textAt(document, "client.ip");
  const address = client === undefined ? undefined : canonicalAddress(client);
  if (address !== undefined && draft.source?.ip === undefined) draft.source = { ...draft.source, ip: address };

  if (draft.target?.type === undefined && (draft.target?.id ?? draft.target?.name) !== undefined) {
    draft.target = { ...draft.target, type: "user" };
  }
  if (draft.action.trim() === "") draft.action = derivedAction(document, draft);
  deriveLogsource(document, draft);
}

function derivedAction(document: JsonObject, draft: EventDraft): string {
  if (draft.http?.method !== undefined || draft.http?.status !== undefined) return "http.request";
  if (draft.message !== undefined && textAt(document, "log.level") !== undefined) return "log"; // a logger's line
  throw new Refusal("MISSING_ACTION", "an ECS document needs event.action");
}

function deriveLogsource(document: JsonObject, draft: EventDraft): void {
  if (Object.keys(draft.logsource).length > 0) return;
  const module = textAt(document, "event.module");
  const dataset = textAt(document, "event.dataset");
  if (module !== undefined) draft.logsource.product = module;
  if (dataset !== undefined) draft.logsource.service = dataset.slice(dataset.indexOf(".") + 1);
  if (draft.category === "WEB") draft.logsource.category = "webserver";
}

function textAt(document: JsonObject, path: string): string | undefined {
  const found = valueAt(document, path);
  const value: unknown = Array.isArray(found) ? found[0] : found;
  return typeof value === "string" && value !== "" ? truncate(cleanText(value), textLimit) : undefined;
}
