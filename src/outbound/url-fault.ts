/** What is wrong with a URL that messages are to be sent to; undefined: nothing that can be told without asking DNS. Pure. */
import { isIP } from "node:net";
import { reachOf } from "./public-address.ts";

export interface Reach {
  /** Loopback and private addresses, and http://, may be used: for development. */
  allowPrivate: boolean;
}

const longest = 2_048;

export function urlFault(text: string, { allowPrivate }: Reach): string | undefined {
  if (text.length > longest || !URL.canParse(text)) return "is no URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "is no https:// URL";
  if (url.username !== "" || url.password !== "") return "has a user or a password in it";
  if (url.protocol === "http:" && !allowPrivate) return "is not https://";
  return hostFault(url, { allowPrivate });
}

/** The URL parser has made an address of every way to write one: decimal, octal, hexadecimal, short. */
export function hostFault(url: URL, { allowPrivate }: Reach): string | undefined {
  const host = hostOf(url);
  const reach = isIP(host) > 0 ? reachOf(host) : /(^|\.)localhost\.?$/i.test(host) ? "NEAR" : "PUBLIC";
  return reach === "PUBLIC" || (reach === "NEAR" && allowPrivate) ? undefined : "is not a public address";
}

export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}
