/** GraphiQL for analysts: the page at /graphql in a browser, and at /graphiql. */
import { readFileSync } from "node:fs";
import { examplesQuery, library, numbersQuery } from "./graphiql/library.ts";

/** GraphiQL and its workers come with the page: nothing is loaded from elsewhere. */
export const graphiqlPolicy = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline' blob:",
  "worker-src blob:",
  "style-src 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self' blob: data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const ready = (name: string): string => library.find((one) => one.name === name)?.query ?? "";

export const graphiqlOptions = {
  title: "Vigil: GraphiQL",
  endpoint: "/graphql",
  defaultTabs: ["Who am I, and how is the server", "What is going on", "Incidents"].map((name) => ({
    query: ready(name),
  })),
  credentials: "same-origin",
  subscriptionsProtocol: "WS",
  isHeadersEditorEnabled: true,
  shouldPersistHeaders: false, // a token must not stay in the browser's storage
} as const;

const beside = (name: string): string => readFileSync(new URL(`./graphiql/${name}`, import.meta.url), "utf8");

const parts = `
<header id="vigil">
  <strong><a href="/" title="The dashboard">Vigil</a></strong>
  <button type="button" id="open-library" aria-controls="library">Library</button>
  <button type="button" id="open-history" aria-controls="history">History</button>
  <span id="who">…</span>
  <button type="button" id="sign">Sign in</button>
</header>
<nav id="links" aria-label="What was answered, in the dashboard" hidden></nav>
<aside id="history" class="drawer" aria-label="What was run" hidden>
  <p>What was run here, the latest first. It is not stored, and gone when you reload.</p>
  <p id="nothing">Nothing yet.</p>
  <section id="kept"></section>
</aside>
<aside id="library" class="drawer" aria-label="Ready operations" hidden>
  <input id="find" type="search" placeholder="Find an operation" aria-label="Find an operation">
  <div id="operations"></div>
</aside>
<dialog id="sign-in" aria-labelledby="sign-in-title">
  <form>
    <h1 id="sign-in-title">Sign in</h1>
    <p>Signed in at the <a href="/">dashboard</a> already? Then reload this page. Otherwise paste a token: what
      <code>vigil token</code> prints, or an API key.</p>
    <input id="token" type="password" autocomplete="off" autofocus spellcheck="false" aria-label="Token" placeholder="eyJhbGciOi…">
    <p id="fault" role="alert"></p>
    <p>It stays in this page alone: it is not stored, and gone when you reload.</p>
    <div class="buttons"><button type="button" id="cancel">Not now</button><button class="main">Sign in</button></div>
  </form>
</dialog>`;

let page: Promise<string> | undefined;

/** The page, made once, when it is first asked for: it is some megabytes. */
export function renderPage(): Promise<string> {
  page ??= makePage();
  return page;
}

async function makePage(): Promise<string> {
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  const plain = renderGraphiQL(graphiqlOptions);
  const call = plain.lastIndexOf("YogaGraphiQL.renderYogaGraphiQL(");
  const end = plain.lastIndexOf("</script>");
  const given = { options: graphiqlOptions, library, examples: examplesQuery, numbers: numbersQuery };
  const data = `const page = ${JSON.stringify(given).replaceAll("<", "\\u003c")};`;
  const script = [data, beside("answers.js"), beside("client.js")].join("\n");
  const withScript = plain.slice(0, call) + script + plain.slice(end);
  const viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">';
  const head = withScript.indexOf("</head>");
  const root = withScript.indexOf('<div id="root"></div>');
  return [
    withScript.slice(0, head),
    `${viewport}<style>${beside("style.css")}</style>`,
    withScript.slice(head, root),
    parts,
    withScript.slice(root),
  ].join("");
}
