/** Where a request comes from. What X-Forwarded-For says is believed only as far as trusted proxies wrote it. */
import type { IncomingMessage } from "node:http";
import { canonicalAddress } from "../address.ts";
import { readAddress, readNetwork } from "../sdk/address.ts";
import { clientBehind } from "../sdk/client-address.ts";

/** The address of whoever asks; undefined: the connection is gone. */
export type AddressOf = (request: IncomingMessage) => string | undefined;

/** Looks behind proxies at these addresses and ranges. */
export function addressBehind(proxies: readonly string[] = []): AddressOf {
  const trusted = proxies.flatMap((text) => readNetwork(text) ?? []);
  return ({ socket, headers }) => {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) return undefined;
    const text = canonicalAddress(remoteAddress) ?? remoteAddress; // a socket of both families writes ::ffff:203.0.113.9
    const address = readAddress(text);
    if (!address) return text;
    return clientBehind({ address, text }, headers["x-forwarded-for"]?.toString(), trusted).text;
  };
}
