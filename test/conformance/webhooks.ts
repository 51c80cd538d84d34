/** What Standard Webhooks' own libraries hold for signed and for not, through the check that Vigil's receivers do. */
import { isSigned, signatureOf } from "../../src/outbound/standard-webhook.ts";
import { type CorpusResult, readRows, tally, type Verdict } from "./corpus.ts";

interface WebhookRow {
  id: string;
  secret: string;
  headers: Record<string, string>;
  payload: string;
  /** Seconds since the epoch. */
  now: number;
  toleranceSeconds: number;
  expectValid: boolean;
}

export async function runWebhooks(directory: string): Promise<CorpusResult[]> {
  const rows = await readRows<WebhookRow>(directory, "webhooks/standard_webhooks.jsonl");
  if (rows.length === 0) return [];
  return [
    tally(
      "Standard Webhooks",
      true,
      rows.map((row) => [row.id, judge(row)] as const),
    ),
  ];
}

/** What is valid must also be what Vigil itself sends for the same secret, id, time and bytes. */
function judge({ secret, headers, payload, now, toleranceSeconds, expectValid }: WebhookRow): Verdict {
  if (toleranceSeconds !== 300) return { unsupported: "a tolerance other than five minutes" };
  const valid = isSigned(secret, headers, payload, now * 1000);
  if (valid !== expectValid) return { failed: valid ? "was taken" : "was refused" };
  if (!expectValid) return undefined;
  const [id = "", timestamp = ""] = [headers["webhook-id"], headers["webhook-timestamp"]];
  const own = signatureOf(secret, id, Number(timestamp), payload);
  const given = headers["webhook-signature"]?.split(" ") ?? [];
  return given.includes(own) ? undefined : { failed: "is signed otherwise by Vigil" };
}
