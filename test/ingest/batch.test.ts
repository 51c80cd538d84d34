import { describe, expect, it } from "vitest";
import { type BatchItem, parseBatch } from "../../src/ingest/batch.ts";
import fc from "../support/property.ts";

const ndjson = "application/x-ndjson";

function items(body: string | Buffer, contentType = ndjson): BatchItem[] {
  const batch = parseBatch(body, contentType);
  if ("refusal" in batch) throw new Error(batch.refusal.message);
  return batch.items;
}

describe("a batch", () => {
  it("may be an array, lines, or one object on one or more lines", () => {
    const both = [
      { index: 0, value: { a: 1 } },
      { index: 1, value: { a: 2 } },
    ];
    expect(items('[{"a":1},{"a":2}]', "application/json")).toEqual(both);
    expect(items('{"a":1}\n{"a":2}')).toEqual(both);
    expect(items('{"a":1}\n{"a":2}\n', "application/json")).toEqual(both);
    expect(items('{\n  "a": 1\n}\n', "application/json")).toEqual(both.slice(0, 1));
    expect(items("")).toEqual([]);
  });

  it("may begin with a byte order mark, end lines as Windows does and have blank lines, which do not count", () => {
    expect(items(Buffer.from('\ufeff{"a":1}\r\n\r\n  \n{"a":2}\r\n'))).toEqual([
      { index: 0, value: { a: 1 } },
      { index: 1, value: { a: 2 } },
    ]);
    expect(items("\ufeff \n[1]", "application/json")).toEqual([{ index: 0, value: 1 }]);
  });

  it("may be a JSON text sequence, whose texts may have several lines", () => {
    const body = '\x1e{"a":1}\n\x1e{\n"a":\n2}\n\x1e\x1e{"a":\n';
    expect(items(body, "application/json-seq")).toEqual([
      { index: 0, value: { a: 1 } },
      { index: 1, value: { a: 2 } },
      { index: 2, code: "INVALID_JSON", message: "the line ends too early" },
    ]);
  });

  it("loses only the bad line, and says where it is bad without repeating it", () => {
    const [good, bad, cut] = items('{"a":1}\n{"name":"Jane Roe", oops}\n{"a":');
    expect(good).toEqual({ index: 0, value: { a: 1 } });
    expect(bad).toEqual({ index: 1, code: "INVALID_JSON", message: "the line is not valid JSON at character 21" });
    expect(cut).toEqual({ index: 2, code: "INVALID_JSON", message: "the line ends too early" });
  });

  it("is not lost by numbers as Python writes them, which stay as text, and keeps texts as they are", () => {
    const sent = String.raw`{"a":[NaN,-Infinity],"Infinity":"NaN \"NaN\\","b":1}`;
    const value = { a: ["NaN", "-Infinity"], Infinity: 'NaN "NaN\\', b: 1 };
    expect(items(sent)).toEqual([{ index: 0, value }]);
    expect(items(`[{"a":1},${sent}]`, "application/json")[1]).toEqual({ index: 1, value });
    for (const bad of ['{"a":NaN', '{"a":NaNs}', `{"a":"${'\\"'.repeat(30_000)}NaN`])
      expect(items(bad)[0]).toMatchObject({ code: "INVALID_JSON" });
  });

  it("refuses a bad array whole", () => {
    const batch = parseBatch('[{"a":1},{"a":2}}', "application/json");
    expect(batch).toMatchObject({ refusal: { message: "the JSON array is not valid JSON at character 17" } });
  });

  it("refuses one of more than 100,000 events whole, and one of more than 1,000 lines that are no JSON", () => {
    const refusal = (body: string, contentType = ndjson) => {
      const batch = parseBatch(body, contentType);
      return "refusal" in batch ? batch.refusal : undefined;
    };
    const tooMany = { code: "TOO_LARGE", message: "a batch may have at most 100000 events; send it in parts" };
    expect(refusal("1\n".repeat(100_000))).toBeUndefined();
    expect(refusal("1\n".repeat(100_001))).toMatchObject(tooMany);
    expect(refusal(`[${"1,".repeat(100_000)}1]`, "application/json")).toMatchObject(tooMany);
    expect(refusal(`{"a":1}\n${"x\n".repeat(1_000)}`)).toBeUndefined();
    expect(refusal(`{"a":1}\n${"x\n".repeat(1_001)}`)).toEqual({
      index: 1_001,
      code: "INVALID_JSON",
      message:
        "more than 1000 lines are not valid JSON, so nothing was stored; of this one: the line is not valid JSON at character 1",
    });
  });

  it("costs next to nothing where it is empty lines, and says of a line behind them where it is bad", () => {
    const empty = "\r\n \n".repeat(2_000_000);
    const before = process.cpuUsage();
    const batch = parseBatch(`${empty}  {"a":1}\n\n  {"a":}\n${empty}`, "application/x-ndjson");
    expect(batch).toEqual({
      items: [
        { index: 0, value: { a: 1 } },
        { index: 1, code: "INVALID_JSON", message: "the line is not valid JSON at character 8" },
      ],
    });
    const { user } = process.cpuUsage(before);
    expect(user / 1_000).toBeLessThan(10_000); // ms: one by one they took a minute
  });

  it("refuses an event of more than 64 KiB, and that event alone", () => {
    const large = JSON.stringify({ a: "é".repeat(32_765) });
    const most = JSON.stringify({ a: "é".repeat(32_764) });
    const codes = (read: BatchItem[]) => read.map((item) => ("code" in item ? item.code : "ok"));
    expect(codes(items(`${most}\n${large}\n{"a":1}`))).toEqual(["ok", "TOO_LARGE", "ok"]);
    expect(codes(items(`[${most},${large},{"a":1}]`))).toEqual(["ok", "TOO_LARGE", "ok"]);
  });

  it("is not lost by one element that is nested thousands of levels deep", () => {
    const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
    expect(items(`[${deep},{"a":1}]`, "application/json")[1]).toEqual({ index: 1, value: { a: 1 } });
  });

  it("gives back what was sent, in either shape", () => {
    const value = fc.jsonValue({ noUnicodeString: false }).map((json) => JSON.parse(JSON.stringify(json)) as unknown);
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), value)), (events) => {
        const expected = JSON.parse(JSON.stringify(events.map((event, index) => ({ index, value: event }))));
        expect(items(JSON.stringify(events))).toEqual(expected);
        expect(items(events.map((event) => JSON.stringify(event)).join("\n"))).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});
