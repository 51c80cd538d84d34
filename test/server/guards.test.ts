/** What one operation may ask for, over a server of made-up services whose database notes that it was asked. */
import { execFile } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { getIntrospectionQuery, isObjectType, Lexer, parse, TypeInfo } from "graphql";
import { createClient } from "graphql-ws";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import WebSocket from "ws";
import { schema } from "../../src/schema/schema.ts";
import { costOf } from "../../src/server/cost.ts";
import { limits } from "../../src/server/limits.ts";
import { measure } from "../../src/server/measure.ts";
import { sha256 } from "../../src/server/persisted-documents.ts";
import { type Serving, serving } from "./serving.ts";

let asked = 0;
const fail = (): never => {
  asked++;
  throw new Error("the password is hunter2");
};
const db = { prisma: fail, query: fail, inOrganization: fail };
let totps = 0;
const secondFactor = {
  enroll: async () => ({ secret: "s", uri: "otpauth://totp/s" }),
  confirm: async () => [],
  verify: async () => void totps++,
  disable: async () => {},
};

let server: Serving;
beforeAll(async () => {
  const operationLimits = { query: 1e6, mutation: 1e6, heavy: 1e6, secret: 5 };
  server = await serving({ db, secondFactor }, { operationLimits });
});
afterAll(() => server.close());
beforeEach(() => {
  asked = 0;
});

interface Body {
  data?: unknown;
  errors?: { message: string; extensions: { code: string } }[];
  extensions?: { cost: Record<string, number> };
}

async function ask(query: string, token = "admin", at = server): Promise<Body & { status: number; text: string }> {
  const response = await at.graphql(query, token ? { token } : {});
  const text = await response.text();
  return { status: response.status, text, ...(JSON.parse(text) as Body) };
}
const codeOf = async (query: string, token?: string, at?: Serving): Promise<string | undefined> =>
  (await ask(query, token, at)).errors?.[0]?.extensions.code;
const times = (count: number, text: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => text(n)).join(" ");

/** A document of fields within each other, that many of them. */
function deep(fields: number): string {
  const cycle = ["detections", "nodes", "incident"];
  const path = ["incidents", "nodes", ...Array(9).fill(cycle).flat()].slice(0, fields - 1);
  const opened = path.map((name) => (name.endsWith("s") && name !== "nodes" ? `${name}(first: 1) {` : `${name} {`));
  return `{ ${opened.join(" ")} __typename ${"}".repeat(fields - 1)} }`;
}

describe("G2 a document", () => {
  it.each([
    ["tokens", `{ ${times(998, () => "__typename")} }`, `{ ${times(999, () => "__typename")} }`],
    ["aliases", `{ ${times(15, (n) => `a${n}: __typename`)} }`, `{ ${times(16, (n) => `a${n}: __typename`)} }`],
    [
      "directives",
      `{ ${times(50, () => "__typename @include(if: true)")} }`,
      `{ ${times(51, () => "__typename @include(if: true)")} }`,
    ],
    ["depth", deep(10), deep(11)],
  ])("may have so many %s: at the limit it runs, above it it is refused before any SQL", async (what, at, above) => {
    expect(await codeOf(at)).not.toBe("COMPLEXITY_LIMIT");
    asked = 0;
    for (let round = 0; round < 2; round++) {
      const { errors, data = null } = await ask(above); // the second time from the cache
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["COMPLEXITY_LIMIT"]);
      expect(errors?.[0]?.message).toContain(what);
      expect(data).toBeNull();
    }
    expect(asked).toBe(0);
  });

  it("may cost so much: at the limit it runs, above it it is refused before any SQL, over a socket too", async () => {
    const query =
      "{ incidents(first: 40) { totalCount nodes { id rule { name } detections(first: 3) { nodes { id } } } } }";
    const cost = 1 + 10 + 40 * (1 + 1 + (1 + 3)); // the page, its count, and of each row: itself, its rule, its detections
    expect(costOf({ schema, document: parse(query) })).toBe(cost);
    await using enough = await serving({ db }, { costLimits: { operation: cost, budget: 1e6 } });
    expect(await codeOf(query, "admin", enough)).toBe("INTERNAL"); // the database was asked
    await using less = await serving({ db }, { costLimits: { operation: cost - 1, budget: 1e6 } });
    asked = 0;
    const { errors } = await ask(query, "admin", less);
    expect(errors?.[0]?.extensions).toEqual({
      code: "COMPLEXITY_LIMIT",
      cost: { requested: cost, limit: cost - 1 },
    });
    const client = createClient({
      url: `${less.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: "Bearer admin" },
    });
    expect((await client.iterate({ query }).next()).value.errors[0].extensions.code).toBe("COMPLEXITY_LIMIT");
    await client.dispose();
    expect(asked).toBe(0);
  });

  it("costs what its variables, its fragments and their spreads make of it", () => {
    const cost = (query: string, variableValues = {}): number =>
      costOf({ schema, document: parse(query), variableValues });
    const page = "query ($n: Int = 7) { incidents(first: $n) { nodes { id } } }";
    expect([cost(page), cost(page, { n: 20 }), cost(page, { n: null })]).toEqual([8, 21, 51]);
    const spread =
      "fragment F on QueryIncidentsConnection { nodes { id } } { incidents(first: 9) { ...F ... on QueryIncidentsConnection { edges { node { id } } } } }";
    expect(cost(spread)).toBe(1 + 9 + 9 * 2);
    expect(cost("{ alertRules { nodes { references tags } } }")).toBe(51);
    expect(cost("{ auditVerify { ok } }")).toBe(1_001);
  });
});

describe("G3 what has got round limits elsewhere", () => {
  const many = times(16, (n) => `a${n}: __typename`);
  it.each([
    ["a fragment called __schema", `{ ...__schema } fragment __schema on Query { ${many} }`],
    ["an operation called __schema", `query __schema { ${many} }`],
    ["a deep fragment called __schema", `{ ...__schema } fragment __schema on Query ${deep(11)}`],
    ["a deep operation called __schema", `query __schema ${deep(11)}`],
    [
      "a fragment at two depths",
      `{ ...F incidents(first: 1) { nodes { detections(first: 1) { nodes { incident { ...D } } } ...D } } }
       fragment F on Query { __typename }
       fragment D on Incident { detections(first: 1) { nodes { incident { detections(first: 1) { nodes { incident { id } } } } } } }`,
    ],
    ["aliases of __typename", `{ ${many} }`],
    [
      "aliases in a fragment that is spread again",
      `{ ...F ...F } fragment F on Query { ${times(8, (n) => `a${n}: __typename`)} }`,
    ],
    [
      "fragments that unfold",
      `{ ...A } ${times(9, (n) => `fragment ${"ABCDEFGHI"[n]} on Query { ...${"BCDEFGHIJ"[n]} ...${"BCDEFGHIJ"[n]} }`)} fragment J on Query { x: __typename }`,
    ],
    ["aliases in a fragment nobody spreads", `{ __typename } fragment F on Query { ${many} }`],
    ["aliases in another operation", `query A { __typename } query B { ${many} }`],
    [
      "directives on fragments and variables",
      `query ($v: Int @deprecated) { ${times(51, () => "... @include(if: true) { __typename }")} }`,
    ],
  ])("%s is refused all the same", async (_what, query) => {
    expect(await codeOf(query)).toBe("COMPLEXITY_LIMIT");
    expect(asked).toBe(0);
  });

  it("a fragment within itself is refused, and measured in no time", async () => {
    const query = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
    expect(measure(parse(query)).depth).toBe(0);
    expect(await codeOf(query)).toBe("BAD_USER_INPUT");
  });
});

describe("G4 a document that rules of validation would take the square of its size for", () => {
  const watch = () => [vi.spyOn(Lexer.prototype, "advance"), vi.spyOn(TypeInfo.prototype, "enter")] as const; // at each node
  let read: ReturnType<typeof watch>[0];
  let judged: ReturnType<typeof watch>[1];
  let known = 0;
  beforeEach(() => {
    [read, judged] = watch();
  });
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ["2,000 repeats of a field", `{ ${times(2_000, () => "viewer")} }`],
    ["70,000 directives", `{ viewer ${"@aa".repeat(70_000)} { name } }`],
    ["500 directives, few enough tokens", `{ viewer { name ${times(490, () => "@aa")} } }`],
    ["16 aliases of a field that is not there", `{ ${times(16, (n) => `b${n}: nothing`)} }`],
  ])(
    "%s is refused before: no more than the limit's tokens are read, and nothing is validated",
    async (_what, query) => {
      expect(await codeOf(query)).toBe("COMPLEXITY_LIMIT");
      expect(read.mock.calls.length).toBeGreaterThan(15);
      expect(read.mock.calls.length).toBeLessThanOrEqual(limits.tokens + 3);
      expect(judged).not.toHaveBeenCalled();
      expect(asked).toBe(0);
      expect(await codeOf(`{ viewer { nothing${++known} } }`)).toBe("BAD_USER_INPUT");
      expect(judged).toHaveBeenCalled(); // it would have been seen
    },
  );
});

describe("G5 every connection", () => {
  const connections = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type)
      ? Object.values(type.getFields())
          .filter((field) => String(field.type).endsWith("Connection!"))
          .map((field) => ({ name: `${type.name}.${field.name}`, field }))
      : [],
  );

  it("takes from 1 to 100 rows, 50 unless told", () => {
    expect(connections.length).toBeGreaterThan(20);
    const bare = connections.filter(
      ({ field }) => !["first", "last"].every((name) => field.args.some((argument) => argument.name === name)),
    );
    expect(bare.map(({ name }) => name)).toEqual([]);
  });

  it.each(connections.filter(({ name }) => name.startsWith("Query.")).map(({ name, field }) => [name, field] as const))(
    "%s refuses 0 and 101 before any SQL",
    async (_name, field) => {
      const needed = field.args.filter(
        ({ type, defaultValue }) => String(type).endsWith("!") && defaultValue === undefined,
      );
      if (needed.length > 0) return expect(needed.map(({ name }) => name)).toEqual([expect.any(String)]);
      for (const size of ["first: 0", "first: 101", "last: 101"]) {
        expect(await codeOf(`{ ${field.name}(${size}) { nodes { __typename } } }`)).toBe("BAD_USER_INPUT");
      }
      expect(asked).toBe(0);
    },
  );
});

describe("G6 whoever may not know the schema", () => {
  const words = ["user", "users", "viewr", "incident", "incidents", "password", "statu", "alert", "zzz"];

  it("learns nothing of it by asking, guessing or mistyping, whatever NODE_ENV says", async () => {
    const before = process.env.NODE_ENV;
    try {
      for (const env of ["production", "development", undefined]) {
        if (env === undefined) delete process.env.NODE_ENV;
        else process.env.NODE_ENV = env;
        for (const [token, code] of [
          ["", "UNAUTHENTICATED"],
          ["ingest", "FORBIDDEN"],
        ] as const) {
          expect(await codeOf(getIntrospectionQuery(), token)).toBe(code);
          expect(await codeOf('{ __type(name: "Incident") { name } }', token)).toBe(code);
        }
        const told = await Promise.all(words.map(async (word) => (await ask(`{ ${word} }`, "")).text));
        expect(new Set(told).size).toBe(1); // the same, whether there is such a field or not
        for (const text of await Promise.all(
          words.map(async (word) => (await ask(`{ ${word} { zz } }`, "ingest")).text),
        ))
          expect(text).toMatch(/FORBIDDEN|does not fit the schema/);
        for (const token of ["", "ingest", "viewer", "admin"]) {
          for (const query of [
            "{ viewr { name } }",
            "{ incidents { nodes { titel } } }",
            "{ incidents(frist: 1) { totalCount } }",
          ]) {
            const { text } = await ask(query, token);
            expect(text).not.toMatch(/did you mean|originalError|stack/i);
          }
        }
        expect((await ask("{ incidents { nodes { id } } }")).text).not.toMatch(/hunter2|originalError|stack/);
      }
    } finally {
      process.env.NODE_ENV = before;
    }
  });

  it("learns no value of an enum nor a field of an input from variables that are nearly right", async () => {
    for (const [query, variables] of [
      ["query ($f: IncidentFilter) { incidents(filter: $f) { totalCount } }", { f: { severty: { eq: "LOW" } } }],
      ["query ($f: IncidentFilter) { incidents(filter: $f) { totalCount } }", { f: { severity: { eq: "LOWW" } } }],
      [
        "subscription ($f: SecurityEventFilter) { securityEventStream(filter: $f) { dropped } }",
        { f: { actn: { eq: "x" } } },
      ],
    ] as const) {
      for (const token of ["admin", "ingest"]) {
        const accept = query.startsWith("sub") ? "text/event-stream" : "application/json";
        const headers = { "content-type": "application/json", accept, authorization: `Bearer ${token}` };
        const body = JSON.stringify({ query, variables });
        const text = await (await fetch(`${server.url}/graphql`, { method: "POST", headers, body })).text();
        expect(text).toMatch(/BAD_USER_INPUT|FORBIDDEN/);
        expect(text).not.toMatch(/did you mean/i);
      }
    }
  });

  it("people may ask about it, and are told which field is unknown", async () => {
    expect((await ask(getIntrospectionQuery(), "viewer")).errors).toBeUndefined();
    expect((await ask("{ viewr { name } }", "viewer")).errors?.[0]?.message).toBe(
      'Cannot query field "viewr" on type "Query".',
    );
  });
});

describe("G7 a request that a foreign page could send", () => {
  const mutation = 'mutation { securityEventsIngest(input: {events: [{action: "x"}]}) { accepted } }';
  const status = async (
    method: string,
    type: string | undefined,
    headers: Record<string, string> = {},
    text = mutation,
  ) => {
    const url = `${server.url}/graphql${method === "GET" ? `?query=${encodeURIComponent(text)}` : ""}`;
    const body =
      method === "GET"
        ? null
        : type?.includes("form")
          ? `query=${encodeURIComponent(text)}`
          : JSON.stringify({ query: text });
    return (await fetch(url, { method, headers: { ...(type ? { "content-type": type } : {}), ...headers }, body }))
      .status;
  };
  it.each([
    ["POST", "application/x-www-form-urlencoded"],
    ["POST", "text/plain"],
    ["POST", "text/plain; charset=application/json"],
    ["POST", "multipart/form-data; boundary=x"],
    ["GET", undefined],
    ["GET", "text/plain"],
  ])("%s of %s is refused with 403, and nothing is changed", async (method, type) => {
    const before = server.ingested.length;
    expect(await status(method, type)).toBe(403);
    expect(await status(method, type, {}, "{ __typename }")).toBe(403);
    expect(server.ingested.length).toBe(before);
  });

  it("GET never changes anything: 405, whoever asks", async () => {
    expect(await status("GET", undefined, { authorization: "Bearer ingest" })).toBe(405);
    expect(await status("GET", undefined, { authorization: "Bearer ingest" }, "{ __typename }")).toBe(200);
  });
});

describe("G9 what takes or makes a secret", () => {
  it("stands in a document once: more are refused as a whole, and every one of them counts", async () => {
    const verify = (n: number): string => `a${n}: totpVerify(input: {code: "00000${n}"}) { userErrors { message } }`;
    expect(
      (await ask('mutation { totpVerify(input: {code: "000000"}) { userErrors { message } } }')).errors,
    ).toBeUndefined();
    expect(totps).toBe(1);
    const five = `mutation { ${times(3, verify)} ...F } fragment F on Mutation { ${verify(8)} ${verify(9)} }`;
    expect(await codeOf(five)).toBe("COMPLEXITY_LIMIT");
    expect(totps).toBe(1);
    await expect
      .poll(() => codeOf('mutation { totpVerify(input: {code: "1"}) { userErrors { message } } }'))
      .toBe("RATE_LIMITED");
    expect(totps).toBeLessThan(3);
  });

  it("counts also where the document is refused for something else, as for twenty aliases", async () => {
    const twenty = `mutation { ${times(20, (n) => `a${n}: totpVerify(input: {code: "1"}) { userErrors { message } }`)} }`;
    expect(await codeOf(twenty, "viewer")).toBe("COMPLEXITY_LIMIT");
    const once = 'mutation { totpVerify(input: {code: "1"}) { userErrors { message } } }';
    await expect.poll(() => codeOf(once, "viewer")).toBe("RATE_LIMITED");
  });
});

describe("G10 where only persisted documents are answered", () => {
  const known = "{ viewer { name } }";
  const persisted = new Map([[sha256(known), known]]);
  it("others are refused to every role, by text and by hash, over HTTP and a socket, whatever header comes along", async () => {
    await using strict = await serving({ db }, { persisted });
    const send = async (body: object, headers: Record<string, string> = {}) => {
      const response = await fetch(`${strict.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer admin", ...headers },
        body: JSON.stringify(body),
      });
      return (await response.json()) as Body;
    };
    const byHash = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });
    for (const body of [{ query: known }, byHash(sha256(known))]) {
      expect((await send(body)).data).toEqual({ viewer: { name: "ada@clinic.example" } });
    }
    const trusted = { "x-allow-arbitrary-operations": "something-secret", "x-graphql-allow-arbitrary": "true" };
    for (const body of [{ query: "{ status { ok } }" }, byHash(sha256("{ status { ok } }")), { query: `${known} ` }]) {
      expect((await send(body, trusted)).errors?.[0]?.extensions.code).toBe("FORBIDDEN");
    }
    const client = createClient({
      url: `${strict.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: "Bearer admin" },
      retryAttempts: 0,
    });
    expect((await client.iterate({ query: known }).next()).value.data).toEqual({
      viewer: { name: "ada@clinic.example" },
    });
    await expect(client.iterate({ query: "{ status { ok } }" }).next()).rejects.toMatchObject([
      { extensions: { code: "FORBIDDEN" } },
    ]);
    await client.dispose();
  });
});

describe("G11 an operation that takes too long", () => {
  it("is told so, and gets no other answer", async () => {
    const slow = { ...db, query: () => wait(60_000, undefined, { ref: false }) as never };
    await using hasty = await serving({ db: slow }, { deadlines: { operation: 50, slow: 60_000 } });
    const { status, errors, data = null } = await ask("{ incidents { totalCount } }", "admin", hasty);
    expect([status, errors?.[0]?.extensions.code, data]).toEqual([503, "UNAVAILABLE", null]);
    expect(errors?.[0]?.message).toContain("longer than 0.05 seconds");
  });
});

describe("G12 every answer", () => {
  it("tells what it might have cost, what it did, and what is left for the organization, in headers too", async () => {
    await using small = await serving({ db }, { costLimits: { operation: 500, budget: 600 } });
    const first = await small.graphql("{ viewer { name } status { parts { name } } }", { token: "admin" });
    const { cost } = ((await first.json()) as Body).extensions as { cost: Record<string, number> };
    expect(cost).toMatchObject({ requested: 1 + 1 + 10, actual: 4, limit: 500, budget: 600, remaining: 596 });
    for (const part of [/"budget";r=596;t=\d+/, /"viewer";r=9999;t=\d+/, /"status";r=9999/]) {
      expect(first.headers.get("ratelimit")).toMatch(part);
    }
    for (const part of ['"budget";q=600;w=60', '"viewer";q=10000;w=10']) {
      expect(first.headers.get("ratelimit-policy")).toContain(part);
    }
    // What was not used was given back; what failed has used nothing but was possible.
    const page = "{ incidents(first: 100) { nodes { rule { id } } } }";
    for (let n = 0; n < 4; n++) expect(await codeOf(page, "admin", small)).toBe("INTERNAL");
  });

  it("is refused with 429 and when to come back, once the organization's budget is spent", async () => {
    const followed = {
      now: async () => ({
        at: new Date(),
        eventsPerSecond: 1,
        openIncidents: 1,
        activeThreats: 1,
        alertsQueued: 0,
        alertsLateMs: 0,
        detectionsPerMinute: 1,
        ingestLagMs: 1,
      }),
    };
    await using poor = await serving({ db, gauges: followed as never }, { costLimits: { operation: 20, budget: 3 } });
    for (let n = 0; n < 3; n++) expect((await ask("{ viewer { name } }", "admin", poor)).status).toBe(200);
    const refused = await poor.graphql("{ viewer { name } }", { token: "viewer" }); // another person of the same organization
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(((await refused.json()) as Body).errors?.[0]?.extensions.code).toBe("RATE_LIMITED");
    // From then on it is told before what is asked is read; who is not of that organization is heard as ever.
    const unread = await ask("{ no such thing", "admin", poor);
    expect([unread.status, unread.errors?.[0]?.message]).toEqual([
      429,
      expect.stringContaining("budget of 3 a minute is spent: try again in 1 seconds"),
    ]);
    expect(await codeOf("{ viewer { name } }", "", poor)).toBe("UNAUTHENTICATED");
  });
});

it("G12 an organization is heard again when what was under way has given back what it did not cost", async () => {
  let begun = 0;
  let letGo: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const slow = async (): Promise<never> => {
    begun++;
    await held;
    throw new Error("nothing was read");
  };
  const services = { db: { ...db, query: slow, inOrganization: slow } };
  await using tight = await serving(services, { costLimits: { operation: 120, budget: 150 } });
  const page = "{ incidents(first: 100) { nodes { id } } }"; // may cost 101
  const first = ask(page, "admin", tight);
  await expect.poll(() => begun).toBeGreaterThan(0);
  expect((await ask(page, "admin", tight)).status).toBe(429);
  letGo();
  await first;
  expect((await ask("{ viewer { name } }", "viewer", tight)).status).toBe(200);
});

describe("G1 a body over 1 MiB", () => {
  /** Sends in a process of its own that many MiB, and tells the answer's status, or how the connection ended. */
  const sender = `
    const [url, headers, size] = JSON.parse(process.argv[1]);
    const all = { "content-type": "application/json", authorization: "Bearer admin", ...headers };
    const request = require("node:http").request(url, { method: "POST", headers: all }, (answer) => {
      process.stdout.write(String(answer.statusCode), () => process.exit());
    });
    request.on("error", (error) => process.stdout.write(error.code));
    const piece = Buffer.alloc(1048576, " ");
    let sent = 0;
    const more = () => {
      while (sent++ < size) if (!request.write(piece)) return request.once("drain", more);
      request.end();
    };
    more();`;

  async function stream(headers: Record<string, string>, size = 50) {
    const parsed = vi.spyOn(JSON, "parse");
    const before = process.memoryUsage().rss;
    let most = before;
    const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 2);
    const argument = JSON.stringify([`${server.url}/graphql`, headers, size]);
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", sender, argument]);
    clearInterval(sampling);
    const longest = Math.max(0, ...parsed.mock.calls.map(([text]) => String(text).length));
    parsed.mockRestore();
    return { status: stdout, longest, grown: Math.max(most, process.memoryUsage().rss) - before };
  }

  it.each([
    ["in chunks, of no stated length", {}],
    ["of a stated length", { "content-length": String(50 * 1_048_576) }],
  ])("%s is refused with 413 when it has passed it, and neither kept nor parsed", async (_how, headers) => {
    await stream(headers as Record<string, string>, 2); // what is made once is made
    const { status, longest, grown } = await stream(headers as Record<string, string>);
    expect(status).toBe("413");
    expect(longest).toBeLessThan(10_000);
    expect(grown).toBeLessThan(10 * 1_048_576);
  });

  it("when it is unpacked is refused with 413; what is not larger is read", async () => {
    const send = async (body: Buffer, encoding: string): Promise<[number, string]> => {
      const headers = {
        "content-type": "application/json",
        authorization: "Bearer admin",
        "content-encoding": encoding,
      };
      const answer = await fetch(`${server.url}/graphql`, { method: "POST", headers, body: body as never });
      return [answer.status, await answer.text()];
    };
    const question = JSON.stringify({ query: "{ viewer { name } }" });
    expect((await send(gzipSync(question), "gzip"))[1]).toContain("ada@clinic.example");
    const before = process.memoryUsage().rss;
    const bomb = gzipSync(Buffer.alloc(50 * 1_048_576, 32));
    const made = process.memoryUsage().rss;
    expect((await send(bomb, "gzip"))[0]).toBe(413);
    expect(process.memoryUsage().rss - Math.max(before, made)).toBeLessThan(10 * 1_048_576);
    expect((await send(gzipSync(question.padEnd(1_048_577)), "gzip"))[0]).toBe(413);
    expect((await send(Buffer.from("no gzip"), "gzip"))[0]).toBe(400);
    expect((await send(gzipSync(question), "zstd"))[0]).toBe(415);
  });
});

it("G8 a batch of operations in one request is refused with 400, and none of them runs", async () => {
  const before = server.ingested.length;
  const mutation = { query: 'mutation { securityEventsIngest(input: {events: [{action: "x"}]}) { accepted } }' };
  for (const batch of [[mutation], [mutation, mutation], []]) {
    const headers = { "content-type": "application/json", authorization: "Bearer ingest" };
    const answer = await fetch(`${server.url}/graphql`, { method: "POST", headers, body: JSON.stringify(batch) });
    expect(answer.status).toBe(400);
  }
  expect(server.ingested.length).toBe(before);
});
