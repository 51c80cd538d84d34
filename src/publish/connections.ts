/** Sockets and streams that are open in this process: how many of whom, and how many there may be. */
import { VigilError } from "../errors.ts";

export interface ConnectionLimits {
  /** Of one person or key. */
  viewer: number;
  /** From one address, which may be that of a proxy. */
  address: number;
  /** Of everybody of an organization. */
  organization: number;
}

export const connectionLimits: ConnectionLimits = { viewer: 200, address: 2_000, organization: 10_000 };

/** Reads `viewer=200,address=2000,organization=10000`; what is not named stays as it is. Pure. */
export function readConnectionLimits(text: string): { limits: ConnectionLimits; faults: string[] } {
  const limits = { ...connectionLimits };
  const faults: string[] = [];
  for (const part of text.split(",").map((one) => one.trim())) {
    const [, name, value] = /^(viewer|address|organization)=(\d{1,7})$/.exec(part) ?? [];
    if (name && Number(value) > 0) limits[name as keyof ConnectionLimits] = Number(value);
    else if (part !== "") faults.push(`"${part}" is none of viewer=N, address=N, organization=N`);
  }
  return { limits, faults };
}

export interface Connections {
  /**
   * Notes one more; answers what notes that it is gone, once. Errors: RATE_LIMITED where there are as many as may be, of
   * whoever it says.
   */
  enter(kind: keyof ConnectionLimits, key: string): () => void;
  /** Sockets and streams of an organization, or of all. */
  count(organizationId?: string): number;
  /** Organizations that have any. */
  organizations(): string[];
}

const names: Record<keyof ConnectionLimits, string> = {
  viewer: "you",
  address: "your address",
  organization: "your organization",
};

/** `limits` of this process; other processes count their own. */
export function createConnections(limits: ConnectionLimits = connectionLimits): Connections {
  const open = { viewer: new Map(), address: new Map(), organization: new Map() } as Record<
    keyof ConnectionLimits,
    Map<string, number>
  >;

  return {
    enter(kind, key) {
      const counts = open[kind];
      const before = counts.get(key) ?? 0;
      if (before >= limits[kind]) {
        const message = `${names[kind]} may have at most ${limits[kind]} connections open here`;
        throw new VigilError("RATE_LIMITED", message, { detail: { retryAfterSeconds: 10 } });
      }
      counts.set(key, before + 1);
      let isIn = true;
      return () => {
        if (!isIn) return;
        isIn = false;
        const left = (counts.get(key) ?? 1) - 1;
        if (left > 0) counts.set(key, left);
        else counts.delete(key);
      };
    },
    count(organizationId) {
      if (organizationId !== undefined) return open.organization.get(organizationId) ?? 0;
      return [...open.organization.values()].reduce((sum, count) => sum + count, 0);
    },
    organizations: () => [...open.organization.keys()],
  };
}
