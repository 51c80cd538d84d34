import { describe, expect, it } from "vitest";
import { canonicalAddress } from "../../src/address.ts";
import { neverBlocked } from "../../src/respond/safety.ts";
import { formatAddress, readAddress } from "../../src/sdk/address.ts";
import { clientBehind } from "../../src/sdk/client-address.ts";
import { DecisionList } from "../../src/sdk/list.ts";
import { ListReader } from "../../src/sdk/list-reader.ts";
import { neverBlockedNetworks, readSpared } from "../../src/sdk/never-blocked.ts";
import fc from "../support/property.ts";
import { blockOf, idOf, ListServer, type SentList } from "./list-server.ts";

const start = 1_700_000_000_000;

/** An enforcer's list whose clock the test holds. */
function enforcer(options: { publicKey?: string; own?: string[] } = {}) {
  const clock = { at: start };
  const list = new DecisionList({
    spared: readSpared(options.own ?? []),
    clock: { now: () => clock.at, elapsed: () => clock.at },
    publicKey: options.publicKey,
  });
  const hear = async (sent: object): Promise<string> => {
    const draft = list.draft();
    const reader = new ListReader((decisions) => draft.add(decisions));
    const text = JSON.stringify(sent);
    for (let at = 0; at < text.length; at += 97) reader.write(text.slice(at, at + 97));
    return (await list.accept(reader.head(), draft)).refusal ?? "ACCEPTED";
  };
  const isBlocked = (address: string): boolean =>
    list.find("BLOCK_IP", { address: readAddress(address), users: [] }) !== undefined;
  return { list, clock, hear, isBlocked };
}

describe("the list of decisions in a host", () => {
  it("R8: ends as the server's is, however its messages are lost, doubled, replayed or mixed with forged ones", async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("make" as const), target: fc.nat(5), ttl: fc.integer({ min: 1, max: 60_000 }) }),
      fc.record({ do: fc.constant("revoke" as const), which: fc.nat(20) }),
      fc.record({ do: fc.constant("pass" as const), ms: fc.nat(20_000) }),
      fc.record({ do: fc.constant("ask" as const), whole: fc.boolean() }),
      fc.record({ do: fc.constant("replay" as const), which: fc.nat(50), spoil: fc.nat(6) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const [server, stranger] = [new ListServer(), new ListServer("0193f6a0-0000-7000-8000-000000000002")];
        const { list, clock, hear, isBlocked } = enforcer({ publicKey: server.publicKey });
        const sent: SentList[] = [];
        const targets = [
          "192.0.2.1",
          "192.0.2.0/24",
          "2001:db8::1",
          "2001:db8::/64",
          "198.51.100.7",
          "198.51.100.0/25",
        ];
        let made = 0;
        for (const one of steps) {
          if (one.do === "make") {
            server.make(blockOf(made++, targets[one.target] as string, clock.at + one.ttl));
            stranger.make(blockOf(made, "203.0.113.99", clock.at + 60_000));
          } else if (one.do === "revoke") server.revoke(idOf(one.which));
          else if (one.do === "pass") clock.at += one.ms;
          else if (one.do === "ask") {
            const answer = server.answer(one.whole ? undefined : list.version, clock.at);
            sent.push(answer, stranger.answer(undefined, clock.at));
            expect(await hear(answer)).toBe("ACCEPTED");
          } else {
            const former = sent[one.which % Math.max(1, sent.length)];
            if (!former) continue;
            const had = list.version;
            await hear(spoiled(former, one.spoil));
            // Whatever it was, the list does not go back and follows no stranger.
            expect(list.version ?? 0).toBeGreaterThanOrEqual(had ?? 0);
            expect(isBlocked("203.0.113.99") || isBlocked("203.0.113.98")).toBe(false);
          }
        }
        if ((await hear(server.answer(list.version, clock.at))) !== "ACCEPTED") {
          expect(await hear(server.answer(undefined, clock.at))).toBe("ACCEPTED");
        }
        const theirs = server.inForce(clock.at);
        expect(list.size).toBe(theirs.length);
        for (const target of targets) {
          const address = target.split("/")[0] as string;
          expect([address, isBlocked(address)]).toEqual([address, theirs.some(({ value }) => covers(value, address))]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("R10: refuses what is not signed, foreign, older, too old, or not whole, and keeps what it has", async () => {
    const [server, stranger] = [new ListServer(), new ListServer("0193f6a0-0000-7000-8000-000000000002")];
    const { list, clock, hear, isBlocked } = enforcer();
    expect(await hear({ ...server.answer(0, start), full: false })).toBe("NOTHING_TO_ADD_TO");
    const early = server.answer(undefined, start);
    server.make(blockOf(1, "192.0.2.1", start + 3_600_000));
    const whole = server.answer(undefined, start);
    expect(await hear({ ...whole, signature: early.signature })).toBe("NOT_SIGNED");
    expect(await hear({ ...whole, decisions: [] })).toBe("WRONG_HASH");
    expect(await hear({ ...whole, version: "1" })).toBe("MALFORMED");
    expect(await hear(whole)).toBe("ACCEPTED");
    expect(await hear(early)).toBe("OLDER_VERSION");
    expect(await hear(stranger.answer(undefined, start))).toBe("OTHER_KEY");
    expect(await hear({ ...server.answer(1, start), removed: [idOf(1)] })).toBe("WRONG_HASH");
    clock.at += 300_001;
    expect(await hear(whole)).toBe("TOO_OLD");
    expect([list.version, isBlocked("192.0.2.1")]).toEqual([1, true]);
  });

  it("R3: ends a block by a clock that nobody sets, and counts it no more", async () => {
    const server = new ListServer();
    const { list, clock, hear, isBlocked } = enforcer();
    server.make(blockOf(1, "192.0.2.0/24", start + 10_000));
    await hear(server.answer(undefined, start));
    clock.at += 9_999;
    expect([isBlocked("192.0.2.200"), list.inForce]).toEqual([true, 1]);
    clock.at += 1;
    expect([isBlocked("192.0.2.200"), list.inForce]).toEqual([false, 0]);
  });

  it("R3: follows what is decided after the server's clock was ahead for a while", async () => {
    const server = new ListServer();
    const { list, clock, hear, isBlocked } = enforcer();
    server.make(blockOf(1, "192.0.2.1", start + 1_800_000));
    await hear(server.answer(undefined, start + 3_600_000)); // an hour ahead
    expect(isBlocked("192.0.2.1")).toBe(false);
    clock.at += 25_000;
    server.make(blockOf(2, "192.0.2.2", clock.at + 1_800_000));
    if ((await hear(server.answer(list.version, clock.at))) !== "ACCEPTED") {
      expect(await hear(server.answer(undefined, clock.at))).toBe("ACCEPTED");
    }
    expect([isBlocked("192.0.2.1"), isBlocked("192.0.2.2"), list.inForce]).toEqual([true, true, 2]);
  });

  it("R9: keeps its list while nobody is heard of, and then opens, or stays closed where its host chose so", async () => {
    const server = new ListServer();
    const { list, clock, hear } = enforcer();
    server.make(blockOf(1, "192.0.2.1", start + 300_000));
    server.make(blockOf(2, "192.0.2.2", start + 3_600_000));
    await hear(server.answer(undefined, start));
    const blocked = (endless: boolean) =>
      ["192.0.2.1", "192.0.2.2"].map(
        (text) => list.find("BLOCK_IP", { address: readAddress(text), users: [] }, endless) !== undefined,
      );
    clock.at += 299_999; // five minutes of a server that is gone
    expect([blocked(false), blocked(true)]).toEqual([
      [true, true],
      [true, true],
    ]);
    clock.at += 600_000;
    expect([blocked(false), blocked(true)]).toEqual([
      [false, true],
      [true, true],
    ]);
    expect(await hear(server.answer(list.version, clock.at))).toBe("ACCEPTED"); // back again: what ended has ended
    expect([blocked(false), blocked(true)]).toEqual([
      [false, true],
      [false, true],
    ]);
  });

  it("R1: never follows a block of loopback, private, or its host's own networks, whatever is signed", async () => {
    const server = new ListServer();
    const { list, hear, isBlocked } = enforcer({ own: ["198.51.100.0/24", "2001:db8:1::/48", "boss@clinic.example"] });
    const wide = ["0.0.0.0/0", "::/0", "127.0.0.1", "10.1.0.0/16", "198.51.100.9", "198.0.0.0/8", "2001:db8::/32"];
    for (const [n, value] of [...wide, "192.0.2.1"].entries()) server.make(blockOf(n, value, start + 60_000));
    server.make({ ...blockOf(90, "Boss@clinic.example", start + 60_000), type: "SUSPEND_USER", scope: "USER" });
    expect(await hear(server.answer(undefined, start))).toBe("ACCEPTED");
    for (const address of [
      "127.0.0.1",
      "::1",
      "10.1.2.3",
      "198.51.100.9",
      "::ffff:127.0.0.1",
      "2001:db8:1::1",
      "8.8.8.8",
    ]) {
      expect([address, isBlocked(address)]).toEqual([address, false]);
    }
    expect(isBlocked("::ffff:192.0.2.1")).toBe(true);
    expect(list.find("SUSPEND_USER", { users: ["boss@clinic.example"] })).toBeUndefined();
    expect(neverBlockedNetworks).toEqual(neverBlocked.map(([network]) => network));
  });

  it("says of 100,000 decisions which holds for an address, the narrowest first", async () => {
    const server = new ListServer();
    const { list, hear, isBlocked } = enforcer();
    const many = Array.from({ length: 100_000 }, (_, n) =>
      blockOf(n, `${60 + Math.floor(n / 65_536)}.${(n >> 8) & 255}.${n & 255}.1`, start + 60_000),
    );
    server.load([...many, blockOf(200_000, "60.7.0.0/16", start + 60_000)]);
    expect(await hear(server.answer(undefined, start))).toBe("ACCEPTED");
    expect(list.size).toBe(100_001);
    expect([isBlocked("60.7.7.1"), isBlocked("60.7.7.2"), isBlocked("60.8.7.2")]).toEqual([true, true, false]);
    expect(list.find("BLOCK_IP", { address: readAddress("60.7.7.1"), users: [] })?.value).toBe("60.7.7.1");
    server.revoke(idOf(0x707));
    expect(await hear(server.answer(list.version, start))).toBe("ACCEPTED");
    expect(list.find("BLOCK_IP", { address: readAddress("60.7.7.1"), users: [] })?.value).toBe("60.7.0.0/16");
  });

  it("takes a large change in at once, while its host goes on with the former list", async () => {
    const server = new ListServer();
    const { list, hear, isBlocked } = enforcer();
    const addressOf = (n: number): string => `60.0.${n >> 8}.${n & 255}`;
    const blocks = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, n) => blockOf(from + n, addressOf(from + n), start + 60_000));
    server.load(blocks(0, 4_000));
    expect(await hear(server.answer(undefined, start))).toBe("ACCEPTED");
    for (let n = 0; n < 600; n++) server.revoke(idOf(n));
    server.load(blocks(4_000, 4_600));
    const states = new Set<string>();
    const look = (): void => {
      const found = [0, 599, 4_000, 4_599].map((n) => isBlocked(addressOf(n)));
      states.add(found.concat(isBlocked(addressOf(2_000))).join());
    };
    let turns = 0;
    let answer: string | undefined;
    const heard = hear(server.answer(list.version, start)).then((is) => (answer = is));
    for (; answer === undefined; turns++) {
      look();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await heard;
    look();
    expect(answer).toBe("ACCEPTED");
    expect([...states]).toEqual(["true,true,false,false,true", "false,false,true,true,true"]);
    expect(turns).toBeGreaterThan(20);
    expect(list.size).toBe(4_000);
  });
});

describe("an address in a host", () => {
  it("is read and written as the server does", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{0,24}$/));
    fc.assert(
      fc.property(address, (text) => {
        const read = readAddress(text);
        expect(read && formatAddress(read)).toBe(canonicalAddress(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["198.51.100.1", "203.0.113.5", "198.51.100.1"], // a stranger's header
    ["10.0.0.1", "203.0.113.5", "203.0.113.5"],
    ["10.0.0.1", "1.2.3.4, 203.0.113.5, 10.0.0.2", "203.0.113.5"],
    ["10.0.0.1", "unknown", "10.0.0.1"],
    ["10.0.0.1", "203.0.113.5:4711", "203.0.113.5"],
    ["10.0.0.1", "[2001:DB8::1]:443", "2001:db8::1"],
    ["10.0.0.1", "::ffff:203.0.113.5", "203.0.113.5"],
    ["10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["10.0.0.1", "", "10.0.0.1"],
  ])("of %s saying %j is %s", (peer, header, client) => {
    const trusted = readSpared([]).networks.filter(({ address }) => address[0] === 10 << 24);
    expect(clientBehind({ address: readAddress(peer) as number[], text: peer }, header, trusted).text).toBe(client);
  });
});

function spoiled(list: SentList, how: number): object {
  if (how === 0) return { ...list, decisions: [...list.decisions, blockOf(999, "203.0.113.98", start * 2)] };
  if (how === 1) return { ...list, version: list.version + 1 };
  if (how === 2) return { ...list, issuedAt: list.issuedAt + 1_000 };
  if (how === 3) return { ...list, decisions: list.decisions.slice(1) };
  if (how === 4) return { ...list, full: !list.full };
  return list;
}

function covers(network: string, address: string): boolean {
  if (!network.includes("/")) return network === address;
  const [first = ""] = network.split("/");
  return network.includes(":")
    ? address.startsWith(first)
    : address.split(".").slice(0, 3).join() === first.split(".").slice(0, 3).join();
}
