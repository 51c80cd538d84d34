/** An organization in which every text that somebody could write carries what attackers write. */
import pg from "pg";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { populateOnce, type Row, tenantTables } from "../isolation/populate.ts";
import type { TestServer } from "../support/server.ts";
import { withSession } from "./browser.ts";

/** One line that YAML takes as a text, too. */
export const corpus = `'"><img src=x onerror=window.pwned=1><script>window.pwned=1</script>[a](javascript:window.pwned=1)\u202egpj.exe`;
/** How one sees that it is shown as the text that it is. */
export const shownCorpus = "onerror=window.pwned";

export interface Hostile {
  context: BrowserContext;
  page: Page;
  faults: string[];
  /** The global id of the row that was made in a table, e.g. `idOf("Dashboard", "dashboards")`. */
  idOf(type: string, table: string): string;
}

/** Fills the server's own organization, and signs in an administrator of that name whose dashboard and notifications these are. */
export async function hostile(
  browser: Browser,
  server: TestServer,
  options: Parameters<Browser["newContext"]>[0],
): Promise<Hostile> {
  const owner = new pg.Client({ connectionString: server.database.ownerUrl });
  await owner.connect();
  const made = await populateOnce(owner, await tenantTables(owner), { id: server.ours, slug: corpus });
  const { page, context } = await withSession(browser, server, { email: "pia@clinic.example", role: "ADMIN" }, options);
  for (const [table, column] of Object.entries({ security_notifications: "user_id", dashboards: "owner_id" })) {
    const pia = "(SELECT id FROM users WHERE email = 'pia@clinic.example')";
    await owner.query(`UPDATE ${table} SET ${column} = ${pia} WHERE organization_id = $1`, [server.ours]);
  }
  await owner.query("UPDATE users SET name = $1 WHERE email = 'pia@clinic.example'", [corpus]);
  await owner.query("UPDATE organizations SET name = $2 WHERE id = $1", [server.ours, corpus]);
  await owner.end();
  const faults: string[] = [];
  context.on("weberror", (fault) => faults.push(fault.error().message));
  context.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  const idOf = (type: string, table: string) =>
    Buffer.from(`${type}:${(made.get(table) as Row)["id"]}`).toString("base64");
  return { page, context, faults, idOf };
}

/** What of the corpus became more than text on a page; undefined: nothing. */
export async function harmOf(page: Page): Promise<object | undefined> {
  const found = await page.evaluate(() => ({
    ran: "pwned" in window,
    turned: [...document.querySelectorAll("body :not(textarea)")]
      .flatMap((element) => [...element.childNodes, ...element.attributes])
      .filter(({ nodeName }) => ["#text", "title", "aria-label"].includes(nodeName))
      .find(({ nodeValue }) => /[\u202a-\u202e\u2066-\u2069]/.test(nodeValue ?? ""))?.nodeValue,
    elements: [...document.querySelectorAll("img[onerror], body script:not([src]), [href^='javascript:']")].map(
      (element) => `${element.parentElement?.className}: ${element.outerHTML}`,
    ),
  }));
  return found.ran || found.turned || found.elements.length > 0 ? found : undefined;
}
