import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";
import { sendPage } from "./answer.ts";

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

const dashboardPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
  "object-src 'none'";
/** What no page of ours asks a browser for. */
const permissionsPolicy = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/** Encodings that the build has written beside each file, the better one first. */
const encodings = [
  { name: "br", suffix: ".br" },
  { name: "gzip", suffix: ".gz" },
] as const;

/**
 * The dashboard's page at / and at every path that a browser opens as a page, and its files below /assets/.
 * False: there is no such file.
 */
export async function sendStatic(
  directory: string | undefined,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const isAsset = path.startsWith("/assets/"); // the bundler puts a hash of the content into these names
  const file = directory === undefined ? undefined : await findFile(directory, isAsset ? path : "/index.html");
  if (directory === undefined || file === undefined) {
    if (path === "/") sendLanding(response);
    return path === "/";
  }
  const packed = await findPacked(file.path, request.headers["accept-encoding"]);
  if (packed) response.setHeader("Content-Encoding", packed.encoding);
  response.setHeader("Content-Security-Policy", dashboardPolicy);
  response.setHeader("Permissions-Policy", permissionsPolicy);
  response.writeHead(200, {
    "Content-Type": types[extname(file.path)] ?? "application/octet-stream",
    "Content-Length": (packed ?? file).size,
    "Cache-Control": isAsset ? "public, max-age=31536000, immutable" : "no-cache",
    Vary: "Accept-Encoding",
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(createReadStream((packed ?? file).path), response).catch(() => response.destroy()); // the reader left
  return true;
}

/** Whether a browser asks for this path as a page: then the dashboard shows it, or says that there is no such page. */
export function isPageRequest(path: string, request: IncomingMessage): boolean {
  return !path.startsWith("/assets/") && (request.headers.accept ?? "").includes("text/html");
}

async function findPacked(path: string, accepted: string | string[] | undefined) {
  for (const { name, suffix } of encodings) {
    if (!accepts(String(accepted ?? ""), name)) continue;
    const status = await stat(path + suffix).catch(() => undefined);
    if (status?.isFile()) return { path: path + suffix, size: status.size, encoding: name };
  }
  return undefined;
}

/** Whether an Accept-Encoding names the encoding and does not refuse it by `q=0`. */
function accepts(header: string, encoding: string): boolean {
  return header.split(",").some((part) => {
    const [name, ...parameters] = part.split(";").map((piece) => piece.trim().toLowerCase());
    return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

async function findFile(directory: string, path: string): Promise<{ path: string; size: number } | undefined> {
  const relative = decoded(path);
  if (relative === undefined || relative.includes("\0") || !relative.startsWith("/")) return undefined;
  const found = join(directory, normalize(relative)); // normalize() of an absolute path never climbs above it
  const status = await stat(found).catch(() => undefined);
  return status?.isFile() ? { path: found, size: status.size } : undefined;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function sendLanding(response: ServerResponse): void {
  const body = `<p>The server is running. <a href="/graphql">GraphiQL</a> is where to ask it things.</p>
<p>Sign in with the link that the server printed on its first start.</p>`;
  sendPage(response, 200, "Vigil", body);
}
