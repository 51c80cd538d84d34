/** An identity provider on loopback: serves its keys and counts who asks; and a trap that counts whatever is fetched. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { encode } from "./forge.ts";

export interface SigningKey {
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

export function rsaKey(kid: string): SigningKey {
  return { kid, ...generateKeyPairSync("rsa", { modulusLength: 2048 }) };
}

export function ecKey(kid: string): SigningKey {
  return { kid, ...generateKeyPairSync("ec", { namedCurve: "P-256" }) };
}

export const jwkOf = ({ kid, publicKey }: SigningKey, more: object = {}): object => ({
  ...publicKey.export({ format: "jwk" }),
  kid,
  use: "sig",
  ...more,
});

/** A token of any header and claims, signed by this key (RSA: PKCS#1 v1.5 with SHA-256; EC: as JWS wants it). */
export function signed(key: SigningKey, header: object, claims: unknown, hash = "sha256"): string {
  const body = `${encode(header)}.${encode(claims)}`;
  const signature = sign(hash, Buffer.from(body), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return `${body}.${signature.toString("base64url")}`;
}

export function hmac(header: object, claims: object, secret: string | Buffer): string {
  const body = `${encode(header)}.${encode(claims)}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

export interface Provider {
  url: string;
  /** What it serves; undefined: it answers 503. */
  keys: object[] | undefined;
  fetches: number;
  /** Paths other than that of the keys that were asked for. */
  strays: string[];
  /** From now on who asks for keys waits, until this is called; `over`: such a one was answered, or went away. */
  hold(over: () => void): () => void;
  close(): Promise<void>;
}

export async function startProvider(keys: object[]): Promise<Provider> {
  const provider: Provider = { url: "", keys, fetches: 0, strays: [], hold, close: async () => {} };
  let held: { over(): void; free: Promise<void> } | undefined;
  function hold(over: () => void): () => void {
    let free = (): void => {};
    held = { over, free: new Promise((resolve) => (free = resolve)) };
    return free;
  }
  const server: Server = createServer(async (request, response) => {
    if (request.url !== "/jwks.json") {
      provider.strays.push(request.url ?? "");
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ keys: provider.keys ?? [] }));
      return;
    }
    provider.fetches++;
    if (held) {
      response.on("close", held.over);
      await held.free;
    }
    response.setHeader("connection", "close"); // or a busy test would send on a socket that has just idled out
    if (!provider.keys) response.writeHead(503).end();
    else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys: provider.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  provider.close = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return provider;
}
