// What the page does besides GraphiQL: signing in, and the library. It runs in the browser as it is; `page` is given.
/* global page, answers, YogaGraphiQL */
(() => {
  let token = ""; // nowhere else: a reload forgets it
  let root = document.querySelector("#root");
  let isShown = false;
  const byId = (id) => document.getElementById(id);

  // Requests and sockets of GraphiQL carry the token, where there is one.
  const send = window.fetch.bind(window);
  const signed = (init) => {
    const headers = new Headers(init.headers);
    if (token && !headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
    return { ...init, headers };
  };
  window.fetch = async (input, init = {}) => {
    const body = typeof init.body === "string" ? readJson(init.body) : undefined;
    if (body) answers.keep(body);
    const answer = await send(input, signed(init));
    if (body?.query && body.operationName !== "IntrospectionQuery") showLinks(answer.clone());
    return answer;
  };
  // Of the prototype: GraphiQL has taken hold of the class before this runs.
  const sendFrame = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    const message = typeof text === "string" ? readJson(text) : undefined;
    if (message?.type === "subscribe") answers.keep(message.payload ?? {});
    if (!token || message?.type !== "connection_init") return sendFrame.call(this, text);
    const payload = { authorization: `Bearer ${token}`, ...message.payload };
    return sendFrame.call(this, JSON.stringify({ ...message, payload }));
  };

  function readJson(text) {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  async function ask(query, variables) {
    const headers = { "content-type": "application/json", accept: "application/json", "x-vigil-csrf": "1" };
    const body = JSON.stringify({ query, variables });
    const answer = await send("/graphql", signed({ method: "POST", headers, body }));
    return answer.json();
  }

  /** Where the dashboard shows what was answered. */
  async function showLinks(answer) {
    const found = answers.links((await answer.json().catch(() => ({}))).data);
    const ids = found.flatMap(({ incidentId }) => incidentId ?? []);
    const { data } = ids.length > 0 ? await ask(page.numbers, { ids }).catch(() => ({})) : {};
    const links = found.flatMap((one) => {
      if (one.href) return [one];
      const number = data?.nodes[ids.indexOf(one.incidentId)]?.number;
      return number ? [{ href: `/incidents/${number}`, text: `Incident ${number}` }] : [];
    });
    byId("links").hidden = links.length === 0;
    byId("links").replaceChildren(
      ...links.map(({ href, text }) =>
        Object.assign(document.createElement("a"), { href, textContent: text, target: "_blank" }),
      ),
    );
  }

  function showHistory() {
    byId("kept").replaceChildren(
      ...answers.kept().map(({ query, variables, name, at }) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = `${at.toLocaleTimeString()}  ${name}`;
        button.title = `${query}\n${variables}`;
        button.onclick = () => {
          byId("history").hidden = true;
          show({ query, variables });
        };
        return button;
      }),
    );
    byId("nothing").hidden = answers.kept().length > 0;
  }

  function show(operation) {
    const fresh = document.createElement("div");
    fresh.id = "root";
    root.replaceWith(fresh);
    root = fresh;
    const chosen = operation ? { query: operation.query, variables: operation.variables ?? "" } : {};
    // The address keeps no document: it may name a person.
    isShown = true;
    YogaGraphiQL.renderYogaGraphiQL(root, { ...page.options, ...chosen, onEditQuery: () => {} });
  }

  /** GraphiQL as whoever is signed in now sees it: its tabs stay. */
  function again() {
    if (!isShown) return show();
    document.querySelector('[aria-label^="Re-fetch GraphQL schema"]')?.click();
  }

  async function whoAmI() {
    const { data } = await ask("{ viewer { name role organization { name } } }").catch(() => ({}));
    const viewer = data?.viewer;
    byId("who").textContent = viewer
      ? `${viewer.name} · ${viewer.role} · ${viewer.organization.name}`
      : "Not signed in";
    byId("sign").textContent = viewer ? (token ? "Forget the token" : "Use a token") : "Sign in";
    document.body.dataset.signedIn = viewer ? "yes" : "no";
    return viewer;
  }

  async function filled(variables) {
    if (!variables) return undefined;
    const text = JSON.stringify(variables, null, 2);
    const { data } = text.includes('"<') ? await ask(page.examples).catch(() => ({})) : {};
    const examples = {
      "incident id": data?.incidents.nodes[0]?.id,
      "incident number": data?.incidents.nodes[0]?.number ?? 1,
      "rule id": data?.alertRules.nodes[0]?.id,
      "channel id": data?.alertChannels[0]?.id,
      user: data?.users.nodes[0]?.key ?? "ada",
      address: data?.addresses.nodes[0]?.key ?? "203.0.113.7",
      "7 days ago": new Date(Date.now() - 7 * 86_400_000).toISOString(),
      now: new Date().toISOString(),
    };
    return text.replace(/"<([^">]+)>"/g, (whole, name) => JSON.stringify(examples[name] ?? whole.slice(1, -1)));
  }

  function list() {
    const jobs = Map.groupBy ? Map.groupBy(page.library, ({ job }) => job) : new Map();
    if (jobs.size === 0) for (const one of page.library) jobs.set(one.job, [...(jobs.get(one.job) ?? []), one]);
    for (const [job, operations] of jobs) {
      const section = document.createElement("section");
      const title = section.appendChild(document.createElement("h2"));
      title.textContent = job;
      for (const operation of operations) {
        const button = section.appendChild(document.createElement("button"));
        button.type = "button";
        button.textContent = operation.name;
        button.dataset.words = `${job} ${operation.name}`.toLowerCase();
        button.onclick = async () => {
          show({ query: operation.query, variables: await filled(operation.variables) });
          byId("library").hidden = true; // not before: what is run next is this one
        };
      }
      byId("operations").append(section);
    }
    byId("find").oninput = ({ target }) => {
      for (const button of byId("operations").querySelectorAll("button")) {
        button.hidden = !button.dataset.words.includes(target.value.toLowerCase());
      }
      for (const section of byId("operations").children) {
        section.hidden = ![...section.querySelectorAll("button")].some(({ hidden }) => !hidden);
      }
    };
  }

  const drawers = ["library", "history"];
  for (const drawer of drawers) {
    byId(`open-${drawer}`).onclick = () => {
      for (const one of drawers) byId(one).hidden = one !== drawer || !byId(one).hidden;
      if (drawer === "history") showHistory();
      else if (!byId("library").hidden) byId("find").focus();
    };
  }
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") for (const one of drawers) byId(one).hidden = true;
  });
  byId("sign").onclick = async () => {
    if (token) {
      token = "";
      await whoAmI();
      return again();
    }
    byId("sign-in").showModal();
  };
  byId("cancel").onclick = () => byId("sign-in").close();
  byId("sign-in").onclose = () => {
    if (!isShown) show();
  };
  byId("sign-in").querySelector("form").onsubmit = async (event) => {
    event.preventDefault();
    token = byId("token")
      .value.trim()
      .replace(/^Bearer +/i, "");
    if (await whoAmI()) {
      byId("token").value = "";
      byId("fault").textContent = "";
      byId("sign-in").close();
      return again();
    }
    token = "";
    byId("fault").textContent = "This token is not valid, or has ended.";
  };
  list();
  whoAmI().then((viewer) => {
    if (viewer) show();
    else byId("sign-in").showModal();
  });
})();
