import type { IncomingMessage, ServerResponse } from "node:http";
import { VigilError } from "../errors.ts";
import type { Services } from "../schema/context.ts";
import { escapeHtml, sendPage } from "./answer.ts";
import { credentialOf, sessionCookie } from "./credential.ts";

/** GET /sign-in?token=…: turns a one-time link into a session cookie. */
export async function handleSignIn(
  services: Services,
  token: string | null,
  response: ServerResponse,
  isHttps: boolean,
): Promise<void> {
  try {
    const { session, maxAgeSeconds } = await services.signIn.redeem(token ?? "");
    setCookie(response, session, maxAgeSeconds, isHttps);
    response.writeHead(303, { Location: "/" }).end();
  } catch (error) {
    if (!(error instanceof VigilError)) throw error;
    sendPage(response, error.status, "This link does not sign you in", `<p>${escapeHtml(error.message)}.</p>`);
  }
}

/** POST /sign-out: ends the session behind the cookie. Whoever has none is signed out already. */
export async function handleSignOut(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  isHttps: boolean,
): Promise<void> {
  const credential = credentialOf(request); // of our own pages only
  try {
    if (credential) await services.signIn.end(await services.authenticator.authenticate(credential));
  } catch (error) {
    if (!(error instanceof VigilError && error.code === "UNAUTHENTICATED")) throw error;
  }
  if (credential) setCookie(response, "", 0, isHttps);
  response.writeHead(204).end();
}

function setCookie(response: ServerResponse, value: string, maxAgeSeconds: number, isHttps: boolean): void {
  const attributes = ["Path=/", "HttpOnly", "SameSite=Strict", `Max-Age=${maxAgeSeconds}`];
  if (isHttps) attributes.push("Secure");
  response.setHeader("Set-Cookie", [`${sessionCookie}=${value}`, ...attributes].join("; "));
}
