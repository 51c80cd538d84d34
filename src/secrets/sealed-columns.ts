/** Where sealed records are kept. Rotation, re-encryption and the count of references go through this table. */
export interface Place {
  table: string;
  column: string;
  /** The column that names the row within its organization; absent: `id`. */
  key?: string;
}

export const sealedColumns = {
  event: { table: "realtime_monitoring", column: "sealed" },
  secondFactor: { table: "second_factors", column: "sealed", key: "user_id" },
  resolution: { table: "security_incidents", column: "sealed_reason" },
  entry: { table: "incident_entries", column: "sealed" },
  task: { table: "incident_tasks", column: "sealed" },
  evidence: { table: "incident_evidence", column: "sealed" },
  breakGlassReason: { table: "break_glass_uses", column: "sealed_reason" },
  breakGlassNote: { table: "break_glass_uses", column: "sealed_note" },
  reviewNote: { table: "review_packs", column: "sealed_note" },
  channel: { table: "alert_channels", column: "sealed_secrets" },
  responseWebhook: { table: "response_webhooks", column: "sealed_secrets" },
  phone: { table: "phone_numbers", column: "sealed" },
  disclosure: { table: "disclosures", column: "sealed" },
} as const satisfies Record<string, Place>;

/** Columns that may be searched by a blind index. Never one of few possible values: its index would give them away. */
export const indexedColumns = {
  patient: { table: "realtime_monitoring", column: "patient_id" },
  /** What stands for a sealed value in the subjects of detections and incidents. */
  subject: { table: "detections", column: "subjects" },
  /** Numbers of people: only whoever has the key can try them all. */
  phone: { table: "phone_numbers", column: "code" },
} as const satisfies Record<string, Place>;
