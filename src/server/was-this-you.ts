import type { IncomingMessage, ServerResponse } from "node:http";
import { VigilError } from "../errors.ts";
import type { Services } from "../schema/context.ts";
import { escapeHtml, readBody, sendPage } from "./answer.ts";
import { isSameOrigin } from "./credential.ts";

const formLimit = 4_096; // bytes of a token and an answer

/** GET /was-this-you?token=…: asks for a press of a button, for programs open every link of an e-mail. */
export function handleCheckPage(token: string | null, response: ServerResponse): void {
  const field = `<input type="hidden" name="token" value="${escapeHtml(token ?? "")}">`;
  const button = (value: string, text: string): string => `<button name="answer" value="${value}">${text}</button>`;
  const form = `<form method="post" action="/was-this-you">${field}
<p>${button("yes", "Yes, it was me")} ${button("no", "No, it was not me")}</p></form>
<p>If it was not you, the next sign-in asks for a second factor, and those who look after security are told.</p>`;
  sendPage(response, 200, "Was this you?", form);
}

/** POST /was-this-you: the button's form, only from our own page. */
export async function handleCheckForm(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  address = "",
): Promise<void> {
  if (!isSameOrigin(request))
    throw new VigilError("FORBIDDEN", "Open the link of the e-mail and press one of its buttons");
  const form = new URLSearchParams((await readBody(request, formLimit)).toString("utf8"));
  const answer = form.get("answer");
  try {
    if (answer !== "yes" && answer !== "no") throw new VigilError("BAD_USER_INPUT", "Press one of the two buttons");
    const isAsked = await services.userChecks.answer(form.get("token") ?? "", answer === "yes", address);
    const look = isAsked ? "A second factor will be asked for, and people look into it." : "People look into it.";
    const thanks = answer === "yes" ? "Nothing more is to be done." : look;
    sendPage(response, 200, "Thank you", `<p>${thanks}</p>`);
  } catch (error) {
    if (!(error instanceof VigilError)) throw error;
    sendPage(response, error.status, "This link does not work", `<p>${escapeHtml(error.message)}.</p>`);
  }
}
