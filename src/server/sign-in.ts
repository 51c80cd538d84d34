import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { VigilError } from "../errors.ts";
import type { Services } from "../schema/context.ts";
import { escapeHtml, readBody, sendJson, sendPage } from "./answer.ts";
import { credentialOf, isSameOrigin, sessionCookie } from "./credential.ts";

const formLimit = 4_096; // bytes of an address, a slug or a token

/**
 * GET /sign-in?token=…: a link that somebody opens, or a program fetches, signs in. One that another site's page leads to asks
 * first, since its token may be that site's own: whoever followed it would go on as somebody else. So does a mere look (HEAD).
 */
export async function handleLink(
  services: Services,
  request: IncomingMessage,
  token: string | null,
  response: ServerResponse,
  isHttps: boolean,
): Promise<void> {
  const from = request.headers["sec-fetch-site"];
  const isElsewhere = from === "cross-site" || from === "same-site";
  if (isElsewhere || request.method === "HEAD") handleConfirm(token, response);
  else await handleSignIn(services, token, response, isHttps);
}

/** Turns the token of a one-time link into a session cookie. */
async function handleSignIn(
  services: Services,
  token: string | null,
  response: ServerResponse,
  isHttps: boolean,
  asksForJson = false,
): Promise<void> {
  try {
    const { session, maxAgeSeconds } = await services.signIn.redeem(token ?? "");
    setCookie(response, session, maxAgeSeconds, isHttps);
    if (asksForJson) response.writeHead(204).end();
    else response.writeHead(303, { Location: "/" }).end();
  } catch (error) {
    if (!(error instanceof VigilError) || asksForJson) throw error;
    sendPage(response, error.status, "This link does not sign you in", `<p>${escapeHtml(error.message)}.</p>`);
  }
}

/**
 * GET /sign-in/confirm?token=…, where links in e-mails lead: asks for a press of a button. Programs that look at every
 * link of an e-mail before its reader does would use the link up.
 */
export function handleConfirm(token: string | null, response: ServerResponse): void {
  const field = `<input type="hidden" name="token" value="${escapeHtml(token ?? "")}">`;
  const form = `<form method="post" action="/sign-in">${field}<button autofocus>Sign in</button></form>`;
  sendPage(response, 200, "Sign in to Vigil", form);
}

/** POST /sign-in: the button's form, and the dashboard's, which wants JSON. Only from our own page: another site's would sign its visitors in as somebody else. */
export async function handleSignInForm(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  isHttps: boolean,
): Promise<void> {
  if (!isSameOrigin(request)) throw new VigilError("FORBIDDEN", "Open the link of the e-mail and press its button");
  const form = new URLSearchParams((await readBody(request, formLimit)).toString("utf8"));
  const asksForJson = request.headers.accept === "application/json";
  await handleSignIn(services, form.get("token"), response, isHttps, asksForJson);
}

const linkRequest = z.object({ email: z.string(), organization: z.string().optional() });

/** POST /sign-in/link {email, organization?}: the same answer whether or not anybody has the address. */
export async function handleLinkRequest(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  address = "",
): Promise<void> {
  if (!services.emailSignIn) {
    const message = "This server sends no e-mail: ask your administrator for a sign-in link";
    throw new VigilError("NOT_FOUND", message);
  }
  // Of another site's pages, a browser asks leave before it sends this type; nobody gives it.
  if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "")) {
    sendJson(response, 415, { error: { code: "BAD_USER_INPUT", message: "Send application/json" } });
    return;
  }
  const { email, organization } = readRequest((await readBody(request, formLimit)).toString("utf8"));
  services.emailSignIn.request({ email, ...(organization === undefined ? {} : { organization }), address });
  const message = "If a user has this address, a sign-in link is on its way to it";
  sendJson(response, 202, { message });
}

function readRequest(body: string): z.infer<typeof linkRequest> {
  try {
    return linkRequest.parse(JSON.parse(body));
  } catch {
    throw new VigilError("BAD_USER_INPUT", 'Send {"email": "…"}, and "organization": its slug, where you know it');
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
