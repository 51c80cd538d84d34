/** A sender by itself, in a process that is going to be killed: `url organization ahead secret`. */
import { openChannels } from "../../src/alert/channels/kinds.ts";
import { createSender } from "../../src/alert/deliver.ts";
import { wordAlerts } from "../../src/alert/words.ts";
import { openDatabase } from "../../src/db.ts";
import { createLog } from "../../src/log.ts";

const [url, organizationId, ahead, secret] = process.argv.slice(2) as [string, string, string, string];
const log = createLog("silent");
const db = openDatabase({ url, log, poolSize: 4 });
const now = (): number => Date.now() + Number(ahead);
const sender = createSender({
  db,
  change: (id, work) => db.inOrganization(id, work),
  vault: { open: async (_tx, _place, items) => items.map(() => Buffer.from(JSON.stringify({ secret }))) },
  channels: openChannels({
    smtp: undefined,
    twilio: undefined,
    allowPrivate: true,
    publicUrl: undefined,
    readsMailReports: false,
    slackApiUrl: "https://slack.invalid/api",
    now,
  }),
  word: (tx, asked) =>
    wordAlerts(
      tx,
      asked.map((one) => ({ ...one, acknowledgeUrl: null })),
      undefined,
    ),
  onFailed: async () => 0,
  onStopped: async () => {},
  onMoved: async () => {},
  wake: () => {},
  now,
  log,
});
process.send?.("ready");
for (;;) {
  await sender.deliver(organizationId);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
