/** Load over plain sockets: a client that costs next to nothing, so that the machine is left to what is measured. */
import { connect } from "node:net";

const headers = [
  "host: clinic.example",
  "x-forwarded-for: 8.8.4.4",
  "user-agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101",
  "accept: application/json",
];

/** So many GETs of `path` over so many kept connections, each waiting for its answer; answers their times, ms. */
export const load = (port: number, path: string, count: number, connections: number): Promise<number[]> =>
  loadRequest(port, `GET ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`, count, connections);

/** The same of a whole request, as it goes over the wire. */
export function loadRequest(port: number, request: string, count: number, connections: number): Promise<number[]> {
  const times: number[] = [];
  let left = count;
  const lane = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let answer = "";
      let whole = 0; // length of the answer; 0: not known yet
      let began = 0;
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      const next = (): void => {
        answer = "";
        whole = 0;
        if (left-- <= 0) return void socket.end(resolve);
        began = performance.now();
        socket.write(request);
      };
      socket.setEncoding("latin1");
      socket.on("connect", next);
      socket.on("error", reject);
      socket.on("data", (part: string) => {
        answer += part;
        if (whole === 0) {
          const body = answer.indexOf("\r\n\r\n") + 4;
          if (body < 4) return;
          if (!answer.startsWith("HTTP/1.1 200")) return void socket.destroy(new Error(answer.slice(0, 1_000)));
          whole = body + Number(/content-length: (\d+)/i.exec(answer.slice(0, body))?.[1]);
        }
        if (answer.length < whole) return;
        times.push(performance.now() - began);
        next();
      });
    });
  return Promise.all(Array.from({ length: connections }, lane)).then(() => times);
}
