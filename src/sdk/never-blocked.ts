/**
 * Networks that the host never blocks, whatever a list says: the third of three checks. The same table as the server's
 * (src/respond/safety.ts), kept equal by a test, because nothing of the server may come along into a host.
 */
import { type Network, readNetwork } from "./address.ts";

export const neverBlockedNetworks: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/128",
  "::1/128",
  "fc00::/7",
  "fe80::/10",
  "ff00::/8",
];

export interface Spared {
  networks: readonly Network[];
  users: ReadonlySet<string>;
}

/** Whom no decision is followed against: the table above and what the host adds, addresses, ranges and users. */
export function readSpared(own: readonly string[]): Spared {
  const networks = [...neverBlockedNetworks, ...own].flatMap((text) => readNetwork(text) ?? []);
  return { networks, users: new Set(own.filter((text) => !readNetwork(text)).map(userKey)) };
}

/** How a user is looked up: e-mail addresses in any case, other names exactly. */
export const userKey = (user: string): string => (user.includes("@") ? user.toLowerCase() : user);
