/** CrowdSec's names for what an event of Vigil says: `evt.Meta.…` and `evt.Parsed.…`, which the filters of scenarios use. */
import type { EventDraft } from "../../../src/ingest/event.ts";

export type Names = Record<string, string>;

export interface CrowdsecEvent {
  Meta: Names;
  Parsed: Names;
}

/** From an event that one of Vigil's parsers read; undefined for one that CrowdSec has no type for. */
export function namesOf(event: EventDraft): CrowdsecEvent | undefined {
  if (event.logsource.service === "sshd") return sshNames(event);
  if (event.logsource.category === "webserver") return webNames(event);
  return undefined;
}

const sshTypes: Record<string, string> = {
  negotiation: "ssh_bad_keyexchange",
  timeout: "ssh_auth_timeout",
  dispatch: "ssh_dispatch_fatal",
  refused: "ssh_refused_conn",
};

function sshNames(event: EventDraft): CrowdsecEvent | undefined {
  const user = event.actor?.name ?? "";
  const login = event.outcome === "SUCCESS" ? "auth_success" : "ssh_failed-auth";
  const type = sshTypes[String(event.attributes["sshd.event"])] ?? (event.action === "login" ? login : undefined);
  if (type === undefined) return undefined;
  const name: Names = type === "auth_success" ? { user } : { target_user: user };
  return present({ log_type: type, service: "ssh", source_ip: event.source?.ip ?? "", ...name }, { program: "sshd" });
}

function webNames({ http = {}, userAgent, action, source, actor, attributes }: EventDraft): CrowdsecEvent {
  const error = action !== "http.request";
  const origin = String(attributes["http.request.absolute"] ?? ""); // CrowdSec's path is as it was sent
  const path = `${origin}${http.path ?? ""}${http.query === undefined ? "" : `?${http.query}`}`;
  return present(
    {
      log_type: error ? "http_error-log" : "http_access-log",
      service: "http",
      source_ip: source?.ip ?? "",
      http_path: path,
      http_verb: http.method ?? "",
      http_status: http.status === undefined ? "" : String(http.status),
      http_user_agent: userAgent ?? "-",
      sub_type: action === "login" ? "auth_fail" : action === "http.limited" ? "req_limit_exceeded" : "",
      target_fqdn: http.host ?? "",
      username: actor?.name ?? "",
      http_args_len: String(Buffer.byteLength(splitPath(path).http_args ?? "")),
    },
    { ...requestNames(path, http.method ?? "", userAgent ?? "-"), target_fqdn: http.host ?? "" },
  );
}

/** From the fields of an event that CrowdSec itself parsed. */
export function namesOfMeta(meta: Names): CrowdsecEvent {
  if (meta.service !== "http") return present(meta, {});
  const { http_path: path = "", http_verb: verb = "", http_user_agent: agent = "" } = meta;
  return present(
    { ...meta, http_args_len: String(Buffer.byteLength(splitPath(path).http_args ?? "")) },
    { ...requestNames(path, verb, agent), target_fqdn: meta.target_fqdn ?? "" },
  );
}

function requestNames(path: string, verb: string, agent: string): Names {
  return { ...splitPath(path), verb, http_user_agent: agent, rawrequest: `${verb} ${path}` };
}

const still =
  "jpg css js jpeg png svg map ico otf gif mp3 mp4 woff woff2 ttf eot webp wav gz brotli bvr ts bmp avif".split(" ");

/** A path ends at its last question mark; what is behind its last dot tells a file that never changes. */
function splitPath(path: string): Names {
  const mark = path.lastIndexOf("?");
  const request = mark < 0 ? path : path.slice(0, mark);
  const slash = request.lastIndexOf("/") + 1;
  const file = request.slice(slash);
  const dot = file.lastIndexOf(".");
  const extension = dot > 0 ? file.slice(dot) : "";
  return {
    request,
    http_args: mark < 0 ? "" : path.slice(mark + 1),
    file_dir: request.slice(0, slash),
    file_frag: file.slice(0, file.length - extension.length),
    file_ext: extension,
    file_name: file,
    static_ressource: String(still.includes(extension.slice(1).toLowerCase())),
  };
}

/** An empty text is an absent field. */
function present(meta: Names, parsed: Names): CrowdsecEvent {
  const kept = (names: Names) => Object.fromEntries(Object.entries(names).filter(([, value]) => value !== ""));
  return { Meta: kept(meta), Parsed: kept(parsed) };
}
