import { envelop, useEngine, useSchema } from "@envelop/core";
import { buildSchema, type ExecutionArgs, type ExecutionResult, execute, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import { currentDeadline, withDeadline } from "../../src/deadline.ts";
import type { Context } from "../../src/schema/context.ts";
import { type Turns, turnsPlugin } from "../../src/server/turns-plugin.ts";

const schema = buildSchema("type Query { word(id: Int!): String }");
const long = 60_000;
/** Operations that end when they are told to. */
function server(limits: Partial<Turns> = {}, clock = { now: 0 }) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const turns = { alone: 3, beside: 1, waiting: 100, turn: long, ...limits };
  const getEnveloped = envelop({
    plugins: [useEngine({ parse, validate, execute }), useSchema(schema), turnsPlugin(turns, () => clock.now)],
  });
  const ask = async (organizationId: string, id: number): Promise<ExecutionResult> => {
    const contextValue = { viewer: { organizationId } } as Context;
    const { execute } = getEnveloped(contextValue);
    const word = async (): Promise<string> => {
      const name = `${organizationId}${id}`;
      begun.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      return `${name}${currentDeadline() ? " in time" : ""}`;
    };
    const document = parse(`{ word(id: ${id}) }`);
    return execute({ schema, document, contextValue, rootValue: { word } } as ExecutionArgs);
  };
  async function end(name: string, answer: Promise<ExecutionResult> | undefined): Promise<void> {
    ends.get(name)?.();
    await answer;
    await new Promise(setImmediate);
  }
  return { ask, begun, end };
}

describe("operations of an organization", () => {
  it("run beside each other while nobody else asks, and wait in order for their turn", async () => {
    const { ask, begun, end } = server();
    const answers = [1, 2, 3, 4, 5].map((id) => ask("a", id));
    await new Promise(setImmediate);
    expect(begun).toEqual(["a1", "a2", "a3"]);
    await end("a2", answers[1]);
    expect(begun).toEqual(["a1", "a2", "a3", "a4"]);
    expect(await answers[1]).toEqual({ data: { word: "a2" } });
  });

  it("run one at a time where another asks too, and beside each other again when it is gone", async () => {
    const clock = { now: 0 };
    const { ask, begun, end } = server({}, clock);
    const other = ask("b", 1);
    const answers = [1, 2, 3].map((id) => ask("a", id));
    await new Promise(setImmediate);
    expect(begun).toEqual(["b1", "a1"]); // one in front of b, however many a has sent
    await end("b1", other);
    await end("a1", answers[0]);
    expect(begun).toEqual(["b1", "a1", "a2"]);
    clock.now += 2_000;
    ask("a", 4);
    await new Promise(setImmediate);
    expect(begun).toEqual(["b1", "a1", "a2", "a3", "a4"]);
  });

  it("do not wait for one that takes longer than a turn", async () => {
    const { ask, begun, end } = server({ alone: 1, turn: 5 });
    const [slow, next] = [ask("a", 1), ask("a", 2)];
    await expect.poll(() => begun).toEqual(["a1", "a2"]);
    await end("a2", next);
    await end("a1", slow);
    expect([await slow, await next]).toEqual([{ data: { word: "a1" } }, { data: { word: "a2" } }]);
  });

  it("are refused where too many wait", async () => {
    const { ask, begun, end } = server({ alone: 1, waiting: 2 });
    for (const id of [1, 2, 3]) ask("a", id);
    const { errors } = await ask("a", 4);
    expect(errors?.[0]?.message).toBe("2 operations of the organization wait for their turn: send fewer at once");
    expect(errors?.[0]?.extensions).toMatchObject({ code: "RATE_LIMITED", http: { status: 429 } });
    const other = ask("b", 1);
    await new Promise(setImmediate);
    expect(begun).toEqual(["a1", "b1"]);
    await end("b1", other);
  });

  it("run under their own deadline, and not at all when it is over before their turn", async () => {
    const { ask, begun, end } = server({ alone: 1 });
    const first = ask("a", 1);
    const late = { data: { word: "late" } };
    expect(
      await withDeadline(
        20,
        () => ask("a", 2),
        () => late,
      ),
    ).toEqual(late);
    const third = withDeadline(
      long,
      () => ask("a", 3),
      () => late,
    );
    await end("a1", first);
    expect(begun).toEqual(["a1", "a3"]);
    await end("a3", third);
    expect([await first, await third]).toEqual([{ data: { word: "a1" } }, { data: { word: "a3 in time" } }]);
  });
});
