/** Connections that were handed over, as WebSockets are: whoever is refused while one is open loses it. */
import type { Duplex } from "node:stream";
import type { ListedDecision } from "./decision.ts";
import { hostsTurn } from "./hosts-turn.ts";
import type { Exchange } from "./monitor.ts";

interface Open {
  exchange: Exchange;
  /** The decision that the host has let it through by: its user has the second factor that it demands. */
  allowed: string | undefined;
}

const chunk = 250; // looked at at a time, between the host's turns

export class Connections {
  readonly #open = new Map<Duplex, Open>();

  add(socket: Duplex, open: Open): void {
    if (socket.destroyed) return;
    this.#open.set(socket, open);
    socket.once("close", () => this.#open.delete(socket));
  }

  /** Cuts those that `refusalOf` finds a decision about, and tells which. Its host's library cannot be asked: no frame says why. */
  async cut(
    refusalOf: (exchange: Exchange) => ListedDecision | undefined,
    tell: (decision: ListedDecision) => void,
  ): Promise<void> {
    let count = 0;
    for (const [socket, { exchange, allowed }] of this.#open) {
      if (++count % chunk === 0) await hostsTurn();
      const decision = refusalOf(exchange);
      if (!decision || decision.id === allowed) continue;
      this.#open.delete(socket);
      socket.destroy();
      tell(decision);
    }
  }
}
