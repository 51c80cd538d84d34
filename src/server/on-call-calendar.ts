import type { ServerResponse } from "node:http";
import type { Services } from "../schema/context.ts";

/** GET /on-call.ics?token=…: a schedule's shifts for calendar programs, which can send nothing but an address. */
export async function handleCalendar(
  services: Services,
  response: ServerResponse,
  token: string | null,
  address = "",
): Promise<void> {
  const calendar = await services.alerting.outside.calendar(token ?? "", address);
  response
    .writeHead(200, {
      "Content-Type": "text/calendar; charset=utf-8",
      "Content-Disposition": 'inline; filename="on-call.ics"',
    })
    .end(calendar);
}
