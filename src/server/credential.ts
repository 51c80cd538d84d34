import type { IncomingMessage } from "node:http";

export const sessionCookie = "vigil_session";

/** What a request authenticates with: the Authorization header, else the session cookie of our own pages. */
export function credentialOf(request: IncomingMessage): string | undefined {
  const { authorization } = request.headers;
  if (authorization !== undefined) return bearerOf(authorization) ?? ""; // a wrong scheme is a wrong credential
  return isSameOrigin(request) ? cookieOf(request) : undefined;
}

/** The session cookie of a WebSocket's first request: browsers let any page open one, so its Origin must be ours. */
export function socketCookieOf(request: IncomingMessage): string | undefined {
  return request.headers.origin !== undefined && isSameOrigin(request) ? cookieOf(request) : undefined;
}

export function bearerOf(authorization: string): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization.trim())?.[1];
}

function cookieOf(request: IncomingMessage): string | undefined {
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === sessionCookie && value) return value;
  }
  return undefined;
}

/** Whether a browser sent this for one of our own pages (or no browser sent it at all). */
export function isSameOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  const site = request.headers["sec-fetch-site"];
  if (origin !== undefined) return URL.canParse(origin) && new URL(origin).host === host;
  return site === undefined || site === "same-origin" || (site === "none" && request.method === "GET");
}
