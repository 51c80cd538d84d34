import type { IncomingMessage, ServerResponse } from "node:http";
import { VigilError } from "../errors.ts";

/** What every answer says, whatever it is. */
export function setSecurityHeaders(response: ServerResponse, isHttps: boolean): void {
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("X-Frame-Options", "DENY");
  response.setHeader("Referrer-Policy", "no-referrer");
  response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  response.setHeader("Cache-Control", "no-store");
  if (isHttps) response.setHeader("Strict-Transport-Security", "max-age=31536000");
}

/** For pages of our own making: only what the page itself carries. */
export const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}

/** Retry-After: as the error knows it; a second where something does not answer just now. */
export function sayWhen(response: ServerResponse, error: VigilError): void {
  const seconds = error.detail?.retryAfterSeconds ?? (error.code === "UNAVAILABLE" ? 1 : undefined);
  if (typeof seconds === "number") response.setHeader("Retry-After", String(seconds));
}

export function sendError(response: ServerResponse, error: VigilError): void {
  sayWhen(response, error);
  if (error.status === 401) response.setHeader("WWW-Authenticate", "Bearer");
  sendJson(response, error.status, { error: { code: error.code, message: error.message } });
}

/** A page for people; `body` is HTML, and nothing in it comes from a request unescaped. */
export function sendPage(response: ServerResponse, status: number, title: string, body: string): void {
  response.setHeader("Content-Security-Policy", pagePolicy);
  // With no-referrer, browsers send the forms of this page with `Origin: null`; this tells no path, let alone a token.
  response.setHeader("Referrer-Policy", "strict-origin");
  response.writeHead(status, { "Content-Type": "text/html; charset=utf-8" }).end(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>body { font: 1rem/1.5 system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }</style>
<h1>${title}</h1>
${body}
</html>
`);
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The request's body, at most `limit` bytes; throws TOO_LARGE. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = new VigilError("TOO_LARGE", `The body may have at most ${limit} bytes`);
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The URL of a request; undefined for a target that is none, which any client may send. */
export function urlOf(request: IncomingMessage): URL | undefined {
  const url = `http://host${request.url ?? "/"}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}
