import type { IncomingMessage, ServerResponse } from "node:http";
import { VigilError } from "../errors.ts";
import type { Services } from "../schema/context.ts";
import { escapeHtml, readBody, sayWhen, sendPage } from "./answer.ts";
import { isSameOrigin } from "./credential.ts";

const formLimit = 4_096; // bytes of a token
const shown = 20; // incidents a page

/** GET /acknowledge?token=…: asks for a press of a button, for programs open every link of a message. */
export function handleAcknowledgePage(
  services: Services,
  response: ServerResponse,
  token: string | null,
  address = "",
): Promise<void> {
  return answering(response, async () => {
    const incidents = await services.alerting.outside.look(token ?? "", address);
    const items = incidents
      .slice(0, shown)
      .map(({ number, severity, status }) => `<li>Incident #${number}: ${escapeHtml(`${severity}, ${status}`)}</li>`);
    const rest = incidents.length > shown ? `<p>and ${incidents.length - shown} more</p>` : "";
    const field = `<input type="hidden" name="token" value="${escapeHtml(token ?? "")}">`;
    const form = `<form method="post" action="/acknowledge">${field}<p><button>Acknowledge</button></p></form>`;
    const body = `<ul>${items.join("")}</ul>${rest}${form}<p>Others are told no more while you have it.</p>`;
    sendPage(response, 200, "Do you have it?", body);
  });
}

/** POST /acknowledge: the button's form, only from our own page. Pressed twice, it says so and changes nothing. */
export async function handleAcknowledgeForm(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  address = "",
): Promise<void> {
  if (!isSameOrigin(request)) throw new VigilError("FORBIDDEN", "Open the link of the message and press its button");
  const form = new URLSearchParams((await readBody(request, formLimit)).toString("utf8"));
  await answering(response, async () => {
    const { outside } = services.alerting;
    const said = await outside.acknowledge(form.get("token") ?? "", address);
    sendPage(response, 200, "Thank you", said.map((one) => `<p>${escapeHtml(one)}</p>`).join(""));
  });
}

async function answering(response: ServerResponse, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof VigilError)) throw error;
    sayWhen(response, error);
    sendPage(response, error.status, "This link does not work", `<p>${escapeHtml(error.message)}.</p>`);
  }
}
