/** A process of its own: opens sockets, says when all are there, and when all messages, and 99 of 100, have come. */
import WebSocket from "ws";

const [url, count, protocol, first] = process.argv.slice(2) as [string, string, string, string];
const sockets = Number(count);
let wanted = Number.POSITIVE_INFINITY;
let received = 0;
let open = 0;
let nearly = 0n;

function connect(n: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocol || undefined, { perMessageDeflate: false });
    socket.once("error", reject);
    const ready = (): void => {
      open++;
      socket.on("message", () => {
        received++;
        if (received === Math.ceil(wanted * 0.99)) nearly = process.hrtime.bigint();
        if (received === wanted) process.send?.({ all: `${process.hrtime.bigint()}`, nearly: `${nearly}` });
      });
      resolve();
    };
    socket.once("open", () => {
      if (!protocol) return ready();
      const [init, subscribe] = JSON.parse(first) as [object, object];
      socket.send(JSON.stringify(init));
      socket.once("message", () => {
        socket.send(JSON.stringify({ id: `operation-${n}`, type: "subscribe", payload: subscribe }));
        ready();
      });
    });
  });
}

process.on("message", (each: number) => {
  received = 0;
  wanted = each * open;
  process.send?.("armed");
});
for (let n = 0; n < sockets; n += 50) {
  await Promise.all(Array.from({ length: Math.min(50, sockets - n) }, (_, k) => connect(n + k)));
}
process.send?.("open");
