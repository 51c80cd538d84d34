/** Where a request comes from. What a header says is believed only as far as it was written by a trusted proxy. Pure. */
import { type Address, formatAddress, isWithin, type Network, readAddress } from "./address.ts";

export interface Peer {
  address: Address;
  /** As RFC 5952 writes it. */
  text: string;
}

/**
 * The client behind `peer`: X-Forwarded-For is read from its end for as long as who added the entry is trusted. An entry
 * that is no address ends it, so that nobody hides behind `unknown`.
 */
export function clientBehind(peer: Peer, forwarded: string | undefined, trusted: readonly Network[]): Peer {
  if (forwarded === undefined || trusted.length === 0) return peer;
  let client = peer;
  let end = forwarded.length;
  // A header of thousands of entries costs no more than 32 of them.
  for (let hops = 0; end > 0 && hops < 32 && isWithin(client.address, trusted); hops++) {
    const comma = forwarded.lastIndexOf(",", end - 1);
    const text = withoutPort(forwarded.slice(comma + 1, end).trim());
    const address = readAddress(text);
    if (!address) break;
    client = { address, text: address.length === 1 && !text.includes(":") ? text : formatAddress(address) };
    end = comma;
  }
  return client;
}

function withoutPort(entry: string): string {
  if (entry.startsWith("[")) return entry.slice(1, entry.includes("]") ? entry.indexOf("]") : undefined);
  const colon = entry.indexOf(":");
  return colon > 0 && colon === entry.lastIndexOf(":") ? entry.slice(0, colon) : entry;
}
