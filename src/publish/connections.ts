/** Sockets and streams that are open: how many of whom, and how many there may be. */
import { VigilError } from "../errors.ts";
import type { ConnectionsTogether } from "./connections-together.ts";

export interface ConnectionLimits {
  /** Of one person or key. */
  viewer: number;
  /** From one address, which may be that of a proxy. */
  address: number;
  /** Of everybody of an organization. */
  organization: number;
}

export const connectionLimits: ConnectionLimits = { viewer: 2_000, address: 2_000, organization: 10_000 };

/** Reads `viewer=2000,address=2000,organization=10000`; what is not named stays as it is. Pure. */
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
  enter(kind: keyof ConnectionLimits, key: string): Promise<() => void>;
  /** Sockets and streams of an organization, or of all, in this process. */
  count(organizationId?: string): number;
  /** Organizations that have any. */
  organizations(): string[];
  close(): void;
}

const names: Record<keyof ConnectionLimits, string> = {
  viewer: "you",
  address: "your address",
  organization: "your organization",
};

/** `limits` of all processes together where these count together, else of this one. */
export function createConnections(
  limits: ConnectionLimits = connectionLimits,
  join?: (counts: () => Iterable<[key: string, own: number]>) => ConnectionsTogether,
): Connections {
  const open = new Map<keyof ConnectionLimits, Map<string, number>>([
    ["viewer", new Map()],
    ["address", new Map()],
    ["organization", new Map()],
  ]);
  const ofKind = (kind: keyof ConnectionLimits): Map<string, number> => open.get(kind) as Map<string, number>;
  const together = join?.(() =>
    [...open].flatMap(([kind, counts]) => [...counts].map(([key, own]): [string, number] => [`${kind} ${key}`, own])),
  );

  function refuse(kind: keyof ConnectionLimits): never {
    const where = together ? "of all servers together" : "here";
    const message = `${names[kind]} may have at most ${limits[kind]} connections open ${where}`;
    throw new VigilError("RATE_LIMITED", message, { detail: { retryAfterSeconds: 10 } });
  }

  return {
    async enter(kind, key) {
      const counts = ofKind(kind);
      const own = (counts.get(key) ?? 0) + 1;
      if (own > limits[kind]) refuse(kind);
      counts.set(key, own);
      let isIn = true;
      const leave = (): void => {
        if (!isIn) return;
        isIn = false;
        const left = (counts.get(key) ?? 1) - 1;
        if (left > 0) counts.set(key, left);
        else counts.delete(key);
        together?.tell(`${kind} ${key}`, left);
      };
      if (together && !(await together.allow(`${kind} ${key}`, own, limits[kind]))) {
        leave();
        refuse(kind);
      }
      return leave;
    },
    count(organizationId) {
      const counts = ofKind("organization");
      if (organizationId !== undefined) return counts.get(organizationId) ?? 0;
      return [...counts.values()].reduce((sum, count) => sum + count, 0);
    },
    organizations: () => [...ofKind("organization").keys()],
    close: () => together?.close(),
  };
}
