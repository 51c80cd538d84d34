/** Writes small MaxMind DB files, as the format's specification 2.0 says: records of 24 bits, an IPv6 tree. */
import { writeFile } from "node:fs/promises";
import { groupsOf } from "../../../src/ingest/enrich/special.ts";

type Value = string | number | { [key: string]: Value };
type Node = { [bit in 0 | 1]?: Node | { data: number } };

function control(type: number, size: number): Buffer {
  const [first, more] = size < 29 ? [size, []] : [29, [size - 29]];
  if (size > 284) throw new Error("a test needs no longer value");
  return type < 8 ? Buffer.from([(type << 5) | first, ...more]) : Buffer.from([first, type - 7, ...more]);
}

function encode(value: Value, whole?: "UINT32" | "UINT16" | "UINT64"): Buffer {
  if (typeof value === "string") return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control({ UINT16: 5, UINT32: 6, UINT64: 9 }[whole ?? "UINT32"], 4), bytes]);
  }
  if (typeof value === "number") {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return Buffer.concat([control(3, 8), bytes]);
  }
  const entries = Object.entries(value).flatMap(([key, one]) => [encode(key), encode(one)]);
  return Buffer.concat([control(7, entries.length / 2), ...entries]);
}

/** The bits of a prefix, `a.b.c.d/n` standing where the format has IPv4: behind 96 zeros. */
function bitsOf(prefix: string): (0 | 1)[] {
  const [network = "", length] = prefix.split("/");
  const isIPv4 = !network.includes(":");
  const text = isIPv4
    ? "0".repeat(96) +
      network
        .split(".")
        .map((part) => Number(part).toString(2).padStart(8, "0"))
        .join("")
    : groupsOf(network)
        .map((group) => group.toString(2).padStart(16, "0"))
        .join("");
  return [...text.slice(0, Number(length) + (isIPv4 ? 96 : 0))].map((bit) => Number(bit) as 0 | 1);
}

/** The file's bytes: a record for each prefix; made on `built`. */
export function mmdb(records: Record<string, Value>, built = Date.UTC(2026, 10, 1)): Buffer {
  const root: Node = {};
  const nodes: Node[] = [root];
  const data: Buffer[] = [];
  let dataLength = 0;
  for (const [prefix, value] of Object.entries(records)) {
    const bits = bitsOf(prefix);
    const last = bits.pop() as 0 | 1;
    let node = root;
    for (const bit of bits) {
      const next = node[bit];
      if (next && "data" in next) throw new Error("prefixes may not lie within each other");
      if (!next) nodes.push((node[bit] = {}));
      node = node[bit] as Node;
    }
    node[last] = { data: dataLength };
    const bytes = encode(value);
    data.push(bytes);
    dataLength += bytes.length;
  }
  const tree = Buffer.alloc(nodes.length * 6);
  const at = new Map(nodes.map((node, index) => [node, index]));
  nodes.forEach((node, index) => {
    for (const bit of [0, 1] as const) {
      const next = node[bit];
      const pointer = !next ? nodes.length : "data" in next ? nodes.length + 16 + (next.data as number) : at.get(next);
      tree.writeUIntBE(pointer as number, index * 6 + bit * 3, 3);
    }
  });
  const metadata = Buffer.concat([
    control(7, 6),
    ...[encode("node_count"), encode(nodes.length), encode("record_size"), encode(24, "UINT16")],
    ...[encode("ip_version"), encode(6, "UINT16"), encode("database_type"), encode("Test-City")],
    ...[encode("binary_format_major_version"), encode(2, "UINT16")],
    ...[encode("build_epoch"), encode(Math.floor(built / 1_000))],
  ]);
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from("\xab\xcd\xefMaxMind.com", "latin1"), metadata]);
}

export async function writeMmdb(path: string, records: Record<string, Value>, built?: number): Promise<void> {
  await writeFile(path, mmdb(records, built));
}

/** A record in MaxMind's shape. */
export const cityRecord = (code: string, name: string, lat: number, lon: number, radius?: number): Value => ({
  country: { iso_code: code },
  city: { names: { de: `${name} (de)`, en: name } },
  location: { latitude: lat, longitude: lon, ...(radius === undefined ? {} : { accuracy_radius: radius }) },
});
