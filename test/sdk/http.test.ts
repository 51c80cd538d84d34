import { createServer, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { Connection } from "../../src/sdk/http.ts";

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** Answers by what each request of its life is to get; none: the connection is closed under it. */
async function vigil(answers: readonly (string | undefined)[]): Promise<{ connection: Connection; sockets: number[] }> {
  const sockets: number[] = []; // by request: on which connection it came
  const all = new Set<Socket>();
  const server = createServer((socket) => {
    all.add(socket);
    const number = all.size;
    socket.on("error", () => undefined);
    socket.on("data", () => {
      const answer = answers[sockets.length];
      sockets.push(number);
      if (answer === undefined) socket.destroy();
      else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n${answer}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const connection = new Connection(new URL(`http://127.0.0.1:${port}`), "key");
  open.push(() => {
    connection.close();
    for (const socket of all) socket.destroy();
    server.close();
  });
  return { connection, sockets };
}
const call = { method: "GET", path: "/enforce/decisions", timeout: 5_000, hold: true } as const;

it("A connection that was closed for being idle, just as it was used again, costs no answer", async () => {
  const { connection, sockets } = await vigil(["one", undefined, "two"]);
  expect((await connection.call(call)).body).toBe("one");
  expect((await connection.call(call)).body).toBe("two");
  expect(sockets).toEqual([1, 1, 2]);
});

it("A new connection that is closed without an answer is a fault at once", async () => {
  const { connection, sockets } = await vigil([undefined, "never"]);
  await expect(connection.call(call)).rejects.toThrow("socket hang up");
  expect(sockets).toEqual([1]);
});
