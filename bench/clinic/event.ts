/** What the clinic's programs send: events in the shape of Vigil's API, as any application would write them. */
export interface ClinicEvent {
  /** Unique within a clinic; the same for the same seed. */
  id: string;
  /** Epoch ms. */
  time: number;
  logsource: { product: string; service: string; category?: string };
  action: string;
  category: string;
  outcome: "success" | "failure";
  actor?: { id: string; name: string; email?: string; roles?: string[] };
  source?: { ip: string; country?: string; city?: string; lat?: number; lon?: number };
  userAgent?: string;
  device?: string;
  sessionId?: string;
  target?: { type: string; id: string; name?: string; patientId?: string };
  http?: { method: string; path: string; query?: string; status: number; durationMs: number; bytes?: number };
  attributes?: Record<string, unknown>;
}

/** CLEAR: whoever read the log would see it. SUBTLE: it hides in what is normal. */
export type Clarity = "CLEAR" | "SUBTLE";

/** What is known of an attack that lies in the events. */
export interface Label {
  id: string;
  kind: string;
  clarity: Clarity;
  /** In a line, for people. */
  story: string;
  users: string[];
  addresses: string[];
  /** Log sources, as `product/service/category`. */
  services: string[];
  /** Epoch ms of its first and its last event (or of the time in which events are missing). */
  from: number;
  to: number;
  /** Its events, in order of time; empty where the attack is that events are missing. */
  eventIds: string[];
}

/** An event, and of which attack it is a part. */
export interface Told {
  event: ClinicEvent;
  attack?: string;
}
