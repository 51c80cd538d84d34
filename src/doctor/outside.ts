/** What Vigil needs of the world: a public address, an SMTP server, data of places. */
import type { Config } from "../config.ts";
import { mmdbFault, openMmdb } from "../ingest/enrich/mmdb.ts";
import { bad, care, type Finding, good } from "./finding.ts";

const old = 60; // days: addresses change hands

export function checkAddress({ publicUrl, host }: Pick<Config, "publicUrl" | "host">): Finding {
  const local = ["127.0.0.1", "::1", "localhost"].includes(host);
  if (publicUrl === undefined)
    return local
      ? good("address", "this machine only")
      : care(
          "address",
          `listens on ${host}, and has no VIGIL_PUBLIC_URL`,
          "Set it: links in e-mails and Slack need it.",
        );
  const isHttps = publicUrl.startsWith("https:");
  const isHere = /^http:\/\/(localhost|127\.|\[::1\])/.test(publicUrl);
  return isHttps || isHere
    ? good("address", publicUrl)
    : bad("address", `${publicUrl} is not encrypted`, "Put a proxy with TLS before it and give its https:// URL.");
}

/** `verify` connects to the SMTP server and signs in; it sends nothing. */
export async function checkMail(verify: (() => Promise<void>) | undefined): Promise<Finding> {
  if (!verify) return care("e-mail", "none", "Set SMTP_URL to alert people and to send sign-in links by e-mail.");
  return verify().then(
    () => good("e-mail", "the SMTP server answers and takes our name"),
    (error: Error) => bad("e-mail", error.message, "Check SMTP_URL: host, port, user, password."),
  );
}

/** `now` in epoch ms. */
export async function checkPlaces({ geoip }: Pick<Config, "geoip">, now: number): Promise<Finding[]> {
  const own = [["cities", geoip.city] as const, ["networks", geoip.asn] as const];
  return Promise.all(
    own.map(async ([what, path]) => {
      const part = `geo ${what}`;
      if (path === undefined) return good(part, "as installed with Vigil; npm updates it");
      const fault = await mmdbFault(path);
      if (fault)
        return bad(
          part,
          fault,
          `Get a MaxMind DB, or leave ${what === "cities" ? "VIGIL_GEOIP_CITY" : "VIGIL_GEOIP_ASN"} out.`,
        );
      const { day } = await openMmdb(path);
      const made = Date.parse(day.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3"));
      const days = Math.floor((now - made) / 86_400_000);
      return days <= old
        ? good(part, `${path}, ${days} days old`)
        : care(part, `${path} is ${days} days old`, "Get a newer one.");
    }),
  );
}
