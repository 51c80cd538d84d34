/** Who is told: webhooks of two organizations on one server, in whichever mood. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Told {
  /** `/hook/demo`: whose, and whether it is an alert or a call of a response. */
  path: string;
  /** The message's id; the same for every try. */
  id: string;
  body: string;
}

/** How an arrived message is answered instead of with 204; `take` says that it was taken in spite of that. */
export type Mood = (response: ServerResponse, take: () => void) => void;

export async function openSink() {
  const told: Told[] = [];
  const state: { mood: Mood | undefined; onTold: (() => void) | undefined; onAnswered: (() => void) | undefined } = {
    mood: undefined,
    onTold: undefined,
    onAnswered: undefined,
  };
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const { mood } = state;
      state.onTold?.();
      const take = (): void =>
        void told.push({ path: request.url ?? "", id: String(request.headers["webhook-id"]), body });
      response.on("finish", () => state.onAnswered?.());
      if (mood) return mood(response, take);
      take();
      response.writeHead(204).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    told,
    /** What happens to those that arrive: taken and answered with 204 unless a mood says otherwise. */
    state,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
export type Sink = Awaited<ReturnType<typeof openSink>>;
