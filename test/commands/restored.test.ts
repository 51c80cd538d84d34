import { afterAll, beforeAll, expect, it } from "vitest";
import { audit } from "../../src/access/audit.ts";
import { announceRestore } from "../../src/commands/restored.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

const work = (entries: number) =>
  server.app.db.inOrganization(server.ours, async (tx) => {
    for (let n = 0; n < entries; n++)
      await audit(tx, { actor: "ada@example.org", action: "TRIED", entityKind: "Thing", entityId: `t${n}` });
  });
const sealed = async () => (await server.app.auditTrail.seal(server.ours, { force: true }))?.seq as number;
const lost = (seq: number) =>
  server.database.asOwner(
    `WITH gone AS (DELETE FROM audit_checkpoints WHERE organization_id = '${server.ours}' AND seq > ${seq})
     DELETE FROM security_audit_log WHERE organization_id = '${server.ours}' AND seq > ${seq}`,
  );
const told = async (): Promise<string> => {
  const lines: string[] = [];
  await announceRestore(server.app, server.ours, (line) => lines.push(line));
  return lines.join("\n");
};

it("`vigil restored` notes which signed audit entries a restore has lost, says and audits it, and the log is signed again", async () => {
  await work(3);
  const first = await sealed();
  await work(5);
  const last = await sealed();
  await lost(first);
  expect((await server.app.auditTrail.verify(server.ours)).fault).toMatchObject({ kind: "ROLLED_BACK" });

  const said = await told();
  expect(said).toContain(`the audit log goes on from entry ${first}`);
  expect(said).toContain(`entries ${first + 1} to ${last}`);
  const [entry] = await server.database.asOwner<{ actor: string; detail: object }>(
    "SELECT actor, detail FROM security_audit_log WHERE organization_id = $1 AND action = 'DATABASE_RESTORED'",
    [server.ours],
  );
  expect(entry).toMatchObject({ actor: "cli", detail: { auditEntriesLost: { from: first + 1, upTo: last } } });
  expect(await told()).toContain("the checkpoint file knows no more than the audit log");
  await work(10);
  expect(await sealed()).toBeGreaterThan(last);
  const verdict = await server.app.auditTrail.verify(server.ours);
  expect([verdict.fault, verdict.losses]).toMatchObject([undefined, [{ from: first + 1, upTo: last }]]);
});

it("`vigil restored` makes a list of decisions newer than all before it, also where the same backup is restored twice", async () => {
  const version = async (): Promise<number> => {
    const [row] = await server.database.asOwner<{ version: string }>(
      "SELECT decision_version AS version FROM organizations WHERE id = $1",
      [server.ours],
    );
    return Number(row?.version);
  };
  const restore = () =>
    server.database.asOwner("UPDATE organizations SET decision_version = 7 WHERE id = $1", [server.ours]);
  await restore();
  await told();
  const first = await version();
  await server.database.asOwner("UPDATE organizations SET decision_version = decision_version + 3 WHERE id = $1", [
    server.ours,
  ]);
  await restore();
  await told();
  expect(await version()).toBeGreaterThan(first + 3);
  expect(first).toBeGreaterThan(1_000_000_000 + 7); // what earlier versions of the command added
});

it("`vigil restored` says of a log that no restore explains that nothing was noted", async () => {
  await server.database.asOwner("UPDATE security_audit_log SET actor = 'eve' WHERE organization_id = $1 AND seq = 2", [
    server.ours,
  ]);
  expect(await told()).toMatch(/faulty, and no restore explains it: Entry 2 was changed\. Nothing was noted/);
});
