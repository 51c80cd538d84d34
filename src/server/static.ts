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
  "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** The dashboard's page at / and its files below /assets/. False: there is no such file. */
export async function sendStatic(
  directory: string | undefined,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const file = directory === undefined ? undefined : await findFile(directory, path);
  if (file === undefined) {
    if (path === "/") sendLanding(response);
    return path === "/";
  }
  const isAsset = path !== "/"; // the bundler puts a hash of the content into these names
  response.setHeader("Content-Security-Policy", dashboardPolicy);
  response.writeHead(200, {
    "Content-Type": types[extname(file.path)] ?? "application/octet-stream",
    "Content-Length": file.size,
    "Cache-Control": isAsset ? "public, max-age=31536000, immutable" : "no-cache",
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(createReadStream(file.path), response).catch(() => response.destroy()); // the reader left
  return true;
}

async function findFile(directory: string, path: string): Promise<{ path: string; size: number } | undefined> {
  const relative = path === "/" ? "/index.html" : decoded(path);
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
