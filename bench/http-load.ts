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
export async function loadRequest(
  port: number,
  request: string,
  count: number,
  connections: number,
): Promise<number[]> {
  const times: number[] = [];
  let left = count;
  await ask(port, request, connections, {
    goesOn: () => left-- > 0,
    answered(ms, answer) {
      if (!answer.startsWith("HTTP/1.1 200") || answer.includes('{"errors"')) throw new Error(answer.slice(0, 1_000));
      times.push(ms);
    },
  });
  return times;
}

interface Asking {
  /** Whether a connection asks once more. */
  goesOn(): boolean;
  /** A whole answer, its head and its body, and how long it took. What it throws ends all. */
  answered(ms: number, answer: string): void;
}

/** Asks over so many kept connections, each waiting for its answer, for as long as it is told to go on. */
export async function ask(port: number, request: string, connections: number, asking: Asking): Promise<void> {
  const lane = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let answer = "";
      let whole = 0; // length of the answer; 0: not known yet
      let began = 0;
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      const next = (): void => {
        answer = "";
        whole = 0;
        if (!asking.goesOn()) return void socket.end(resolve);
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
          whole = body + Number(/content-length: (\d+)/i.exec(answer.slice(0, body))?.[1]);
        }
        if (answer.length < whole) return;
        try {
          asking.answered(performance.now() - began, answer);
        } catch (error) {
          return void socket.destroy(error as Error);
        }
        next();
      });
    });
  await Promise.all(Array.from({ length: connections }, lane));
}
