// What was asked in GraphiQL, and where the dashboard shows what was answered. It runs in the browser as it is, before
// client.js; nothing of it is stored: a document or its variables may name a patient.
// biome-ignore lint/correctness/noUnusedVariables: client.js, which follows in the page, uses it
const answers = (() => {
  const mostLinks = 12;
  const mostKept = 30;
  /** Pages that show all things of a type; those of one thing are made below. */
  const pages = {
    Alert: "/alerts",
    AlertChannel: "/channels",
    AlertRoute: "/channels",
    AuditEntry: "/audit",
    Decision: "/response",
    Enforcer: "/response",
    Notification: "/notifications",
    OnCallSchedule: "/on-call",
    ResponseRule: "/response",
    SecurityEvent: "/live",
    Silence: "/silences",
    User: "/users",
  };

  /** The type that an id names; "" where it is none. */
  function typeOf(id) {
    try {
      return /^([A-Z]\w*):/.exec(atob(id))?.[1] ?? "";
    } catch {
      return "";
    }
  }

  /** What kind of entity has a page for this, as src/dashboard/data/entity-kind.ts tells it. */
  function entityOf(kind) {
    if (/^[A-Z_]+$/.test(kind) && kind !== "PATIENT") return kind.toLowerCase();
    if (/(^|[._])ip$/.test(kind)) return "address";
    return /^(actor|user)([._](name|email|id))?$/.test(kind) ? "user" : undefined;
  }

  function linkOf(thing, noun) {
    const { id, number, name, kind, key } = thing;
    const type = typeof id === "string" ? typeOf(id) : "";
    const isIncident = type === "Incident" || (type === "" && /^incidents?$/i.test(noun));
    if (isIncident) {
      if (typeof number === "number") return { href: `/incidents/${number}`, text: `Incident ${number}` };
      return type ? { incidentId: id } : undefined;
    }
    if (type === "AlertRule") return { href: `/rules/${encodeURIComponent(id)}`, text: name ?? "A rule" };
    if (type === "Dashboard") return { href: `/dashboards/${encodeURIComponent(id)}`, text: name ?? "A dashboard" };
    const entity =
      typeof key === "string" && key && /^(subjects|topSubjects|entit(y|ies))$/.test(noun) && entityOf(kind);
    if (entity) return { href: `/entities/${entity}/${encodeURIComponent(key)}`, text: key };
    return pages[type]
      ? { href: pages[type], text: type.replaceAll(/\B[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`) }
      : undefined;
  }

  /** The things of an answer that the dashboard has a page for, each once, the first first; an incident may be known by its id alone. */
  function links(data) {
    const found = new Map();
    const walk = (value, noun) => {
      if (found.size >= mostLinks || typeof value !== "object" || value === null) return;
      if (Array.isArray(value)) {
        for (const one of value) walk(one, noun);
        return;
      }
      const link = linkOf(value, noun);
      if (link) found.set(link.href ?? link.incidentId, link);
      for (const [name, inner] of Object.entries(value))
        walk(inner, /^(nodes?|edges|results)$/.test(name) ? noun : name);
    };
    walk(data, "");
    return [...found.values()].slice(0, mostLinks);
  }

  const kept = [];
  /** What GraphiQL sends, but for its questions about the schema; the latest first. */
  function keep({ query, variables, operationName }) {
    if (typeof query !== "string" || operationName === "IntrospectionQuery") return;
    const text = variables && Object.keys(variables).length > 0 ? JSON.stringify(variables, null, 2) : "";
    const at = kept.findIndex((one) => one.query === query && one.variables === text);
    if (at >= 0) kept.splice(at, 1);
    const name =
      operationName || /(?:query|mutation|subscription)\s+(\w+)/.exec(query)?.[1] || query.trim().slice(0, 40);
    kept.unshift({ query, variables: text, name, at: new Date() });
    kept.length = Math.min(kept.length, mostKept);
  }

  return { links, keep, kept: () => kept };
})();
