#!/usr/bin/env node
// Checks an export of Vigil's audit log with nothing but Node: no network, no Vigil, no packages.
//
//   node verify-audit.mjs export.ndjson [--key public.pem] [--checkpoints audit-checkpoints.ndjson]
//
// --key: the public keys you trust (`vigil audit key` prints them). Without it those in the export itself are used, which
// shows that the export is whole, but not whose it is. --checkpoints: a copy of the checkpoint file you kept meanwhile.
import { createHash, createPublicKey, verify } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";

const words = process.argv.slice(2);
const option = (name) => (words.includes(name) ? words.splice(words.indexOf(name), 2)[1] : undefined);
const keyPath = option("--key");
const checkpointPath = option("--checkpoints");
const [exportPath] = words;
if (!exportPath) fail("Usage: node verify-audit.mjs export.ndjson [--key public.pem] [--checkpoints file.ndjson]");

function fail(message) {
  console.error(`NOT VERIFIED: ${message}`);
  process.exit(1);
}

process.on("uncaughtException", ({ message }) => fail(message)); // a file is missing, say

function read(line) {
  try {
    return JSON.parse(line) ?? {};
  } catch {
    return fail(last ? `what follows entry ${last.number} cannot be read` : "this is no audit export of version 1");
  }
}

function isSigned(what, { organization, seq, hash, at, key, signature }) {
  const statement = `vigil audit ${what} v1\n${organization}\n${seq}\n${hash}\n${at}\n`;
  const by = keys.get(key);
  return (
    by &&
    organization === header.organization &&
    typeof signature === "string" &&
    verify(null, Buffer.from(statement), by, Buffer.from(signature, "base64"))
  );
}

// Whatever became of the line breaks when they were copied.
function keysIn(pem) {
  const all = [...pem.matchAll(/-----BEGIN PUBLIC KEY-----([^-]+)-----END PUBLIC KEY-----/g)];
  if (all.length === 0) fail("there is no public key to check it with");
  const read = ([, text]) => createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
  return new Map(all.map(read).map((one) => [idOf(one), one]));
}

function idOf(one) {
  const der = one.export({ type: "spki", format: "der" });
  return createHash("sha256").update(der).digest("hex").slice(0, 16);
}

// At line feeds alone: entries may hold U+2028 and U+2029, at which newer versions of node:readline break lines.
async function* linesOf(path) {
  let rest = "";
  for await (const piece of createReadStream(path, "utf8")) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop();
    for (const line of lines) yield line.replace(/\r$/, "");
  }
  if (rest) yield rest.replace(/\r$/, "");
}
const hashes = new Map(); // number -> hash
let checkpoints = [];
let later = []; // checkpoints kept meanwhile, of entries behind the last one of the export
let unreadable = 0; // lines of the checkpoint file: a crash leaves half a line
let restored = []; // from where the log went on when an older state of it was restored
const aside = 300_000; // ms that the clocks of two servers may differ
let header;
let keys; // id -> public key
let cut; // where the log was cut: entries that had been kept long enough are gone
let last;

for await (const line of linesOf(exportPath)) {
  if (!header) {
    header = read(line);
    if (header.vigil !== "audit-export" || header.version !== 1) fail("this is no audit export of version 1");
    keys = keysIn(
      keyPath ? readFileSync(keyPath, "utf8") : [header.publicKey, ...(header.earlierKeys ?? [])].join("\n"),
    );
    if (header.fault) fail(`the server itself found entry ${header.fault.seq} bad: ${header.fault.message}`);
    continue;
  }
  // The entry's own text is what was hashed: [previous hash, number, time, actor, action, kind, id, detail].
  const [, text, hash] = /^\{"entry":(\[.*\]),"hash":"([0-9a-f]{64})"\}$/s.exec(line) ?? [];
  if (text === undefined) {
    const { checkpoint, ...other } = read(line);
    if (other.cut && !last) {
      cut = other.cut;
      if (!isSigned("cut", cut)) fail(`the cut at entry ${cut.seq} is not signed by this key`);
      continue;
    }
    if (other.restored) {
      if (!isSigned("restored", other.restored))
        fail(`the restore to entry ${other.restored.seq} is not signed by this key`);
      restored.push(other.restored);
      continue;
    }
    if (!checkpoint) fail("a line is neither an entry nor a checkpoint");
    checkpoints.push(checkpoint);
    continue;
  }
  const [previous, number] = read(text);
  if (!last && header.from === null && number !== (cut?.seq ?? 0) + 1) fail(`entry ${(cut?.seq ?? 0) + 1} is missing`);
  if (createHash("sha256").update(text, "utf8").digest("hex") !== hash) fail(`entry ${number} was changed`);
  if (last && number !== last.number + 1) fail(`entry ${last.number + 1} is missing`);
  const before = last ? last.hash : number === 1 ? "" : cut && number === cut.seq + 1 ? cut.hash : previous;
  if (previous !== before) fail(`entry ${number} does not follow the one before`);
  hashes.set(number, hash);
  last = { number, hash };
}
if (!header) fail("the file is empty");
if (!last) {
  if (header.from === null && header.to === null) fail("there are no entries: each export is in the log itself");
  console.log("There are no entries in this export.");
  process.exit(0);
}

function parsed(line) {
  try {
    const said = JSON.parse(line);
    if (typeof said === "object" && said !== null) return said;
  } catch {
    // counted below
  }
  unreadable++;
  return {};
}

if (checkpointPath) {
  for await (const line of linesOf(checkpointPath)) {
    const { restored: restore, ...checkpoint } = parsed(line);
    if (restore && isSigned("restored", restore)) restored.push(restore);
    if (checkpoint.organization !== header.organization) continue;
    if (checkpoint.seq > last.number) later.push(checkpoint);
    else if (checkpoint.seq >= last.number - hashes.size + 1) checkpoints.push(checkpoint);
  }
}
// What was signed before a restore, of entries that the restored log did not have, is lost: others may have their numbers.
const isLost = (one) => restored.some(({ seq, at }) => one.seq > seq && one.at < at);
checkpoints = checkpoints.filter((one) => !(isLost(one) && isSigned("checkpoint", one)));
later = later.filter((one) => !isLost(one) && isSigned("checkpoint", one)).sort((one, other) => one.seq - other.seq);
restored = [...new Map(restored.filter((one) => !isLost(one)).map((one) => [one.signature, one])).values()];
for (const checkpoint of checkpoints) {
  const { organization, seq, hash, at } = checkpoint;
  if (organization !== header.organization) fail(`the checkpoint of entry ${seq} is another organization's`);
  if (!isSigned("checkpoint", checkpoint)) fail(`the checkpoint of entry ${seq} is not signed by this key`);
  if (hashes.get(seq) !== hash) fail(`entry ${seq} is not what the checkpoint of ${at} says`);
}
for (const { seq, hash, at } of restored) {
  const here = hashes.get(seq);
  if (here !== undefined && here !== hash) fail(`entry ${seq} is not what the restore of ${at} says`);
}
if (!checkpoints.some(({ seq }) => seq === last.number)) fail(`no checkpoint covers the last entry, ${last.number}`);
// An export without an end has all that was there when it was begun.
const missing =
  header.to === null && header.headAt && later.find(({ at }) => Date.parse(at) < Date.parse(header.headAt) - aside);
if (missing)
  fail(`the end is cut off: it ends at entry ${last.number}, and the checkpoint of ${missing.at} knows ${missing.seq}`);
console.log(
  `VERIFIED: ${hashes.size} entries, ${last.number - hashes.size + 1} to ${last.number}, and ${checkpoints.length} signed checkpoints` +
    (cut ? `; entries up to ${cut.seq} were kept long enough and cut off on ${cut.at}` : "") +
    restored
      .map(({ seq, at }) => `; an older state was restored on ${at}: what came after entry ${seq} was lost`)
      .join("") +
    (later.length > 0
      ? `; exported on ${header.exportedAt}, the checkpoints know entries up to ${later.at(-1).seq}, which are not in it`
      : "") +
    (unreadable > 0
      ? `; of the checkpoint file ${unreadable} ${unreadable === 1 ? "line" : "lines"} cannot be read`
      : "") +
    (keyPath ? "." : " (by the keys in the export itself)."),
);
