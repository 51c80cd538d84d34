/** An event as it is sent to Vigil. The same names as the server's event model; a test keeps the two alike. */
export interface SentEvent {
  /** What was done, such as `record.export`. */
  action: string;
  category?:
    | "authentication"
    | "authorization"
    | "access"
    | "data"
    | "configuration"
    | "network"
    | "web"
    | "process"
    | "other";
  outcome?: "success" | "failure" | "unknown";
  severity?: "info" | "low" | "medium" | "high" | "critical";
  /** Your own id: an event sent twice under one id is stored once. Default: one is made. */
  id?: string;
  /** Epoch ms. Default: now. */
  time?: number;
  logsource?: { product?: string; service?: string; category?: string };
  actor?: { id?: string; name?: string; email?: string; roles?: string[] };
  source?: { ip?: string; port?: number; country?: string; city?: string; lat?: number; lon?: number };
  userAgent?: string;
  device?: string;
  sessionId?: string;
  /** `patientId` marks access to a patient's record: it is stored encrypted. */
  target?: { type?: string; id?: string; name?: string; patientId?: string };
  http?: {
    method?: string;
    path?: string;
    query?: string;
    status?: number;
    bytes?: number;
    durationMs?: number;
    referrer?: string;
    host?: string;
  };
  message?: string;
  /** Anything else: JSON values. */
  attributes?: Record<string, unknown>;
}
