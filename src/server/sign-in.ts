import type { ServerResponse } from "node:http";
import { VigilError } from "../errors.ts";
import type { Services } from "../schema/context.ts";
import { escapeHtml, sendPage } from "./answer.ts";
import { sessionCookie } from "./credential.ts";

/** GET /sign-in?token=…: turns a one-time link into a session cookie. */
export async function handleSignIn(
  services: Services,
  token: string | null,
  response: ServerResponse,
  isHttps: boolean,
): Promise<void> {
  try {
    const { session, maxAgeSeconds } = await services.signIn.redeem(token ?? "");
    const attributes = ["Path=/", "HttpOnly", "SameSite=Strict", `Max-Age=${maxAgeSeconds}`];
    if (isHttps) attributes.push("Secure");
    response.setHeader("Set-Cookie", [`${sessionCookie}=${session}`, ...attributes].join("; "));
    response.writeHead(303, { Location: "/" }).end();
  } catch (error) {
    if (!(error instanceof VigilError)) throw error;
    sendPage(response, error.status, "This link does not sign you in", `<p>${escapeHtml(error.message)}.</p>`);
  }
}
