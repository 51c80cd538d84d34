/** Load over plain sockets: a client that costs next to nothing, so that the machine is left to what is measured. */
import { connect } from "node:net";

const headers = [
  "host: clinic.example",
  "x-forwarded-for: 8.8.4.4",
  "user-agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101",
  "accept: application/json",
];

/** So many GETs of `path` over so many kept connections, each waiting for its answer; answers their times, ms. */
export function load(port: number, path: string, count: number, connections: number): Promise<number[]> {
  const request = `GET ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`;
  const times: number[] = [];
  let left = count;
  const lane = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let answer = "";
      let began = 0;
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      const next = (): void => {
        answer = "";
        if (left-- <= 0) return void socket.end(resolve);
        began = performance.now();
        socket.write(request);
      };
      socket.setEncoding("latin1");
      socket.on("connect", next);
      socket.on("error", reject);
      socket.on("data", (part: string) => {
        answer += part;
        const body = answer.indexOf("\r\n\r\n") + 4;
        if (body < 4) return;
        if (!answer.startsWith("HTTP/1.1 200")) return void socket.destroy(new Error(answer.slice(0, 100)));
        if (answer.length < body + Number(/content-length: (\d+)/i.exec(answer)?.[1])) return;
        times.push(performance.now() - began);
        next();
      });
    });
  return Promise.all(Array.from({ length: connections }, lane)).then(() => times);
}
