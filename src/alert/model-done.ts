/** What Vigil has done about an incident, in words without names. */
export interface DoneAction {
  type: string;
  status: string;
}

const nouns: Record<string, readonly [one: string, many: string, was: string]> = {
  BLOCK_IP: ["address", "addresses", "blocked"],
  SUSPEND_USER: ["user", "users", "suspended"],
  INCREASE_MONITORING: ["subject", "subjects", "watched more closely"],
  FORCE_MFA: ["user", "users", "asked for a second factor"],
};
const states: Record<string, string> = {
  AWAITING_APPROVAL: "waits for approval",
  FAILED: "failed",
  REFUSED: "was refused",
};

/** "1 address blocked; 1 user suspended (waits for approval)." */
export function doneWords(actions: readonly DoneAction[]): string {
  const counts = new Map<string, number>();
  for (const { type, status } of actions) {
    if (nouns[type] && (status === "APPLIED" || states[status])) {
      const key = `${type} ${status}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  if (counts.size === 0) return "Nothing: it is yours to act.";
  const parts = [...counts].map(([key, count]) => {
    const [type, status] = key.split(" ") as [string, string];
    const [one, many, was] = nouns[type] as readonly [string, string, string];
    const state = states[status];
    return state
      ? `to be ${was}: ${count} ${count === 1 ? one : many} (${state})`
      : `${count} ${count === 1 ? one : many} ${was}`;
  });
  const text = parts.join("; ");
  return `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}

const kinds: Record<string, readonly [string, string]> = {
  USER: ["user", "users"],
  ADDRESS: ["address", "addresses"],
  PATIENT: ["patient", "patients"],
  SERVICE: ["service", "services"],
};

/** "1 user and 2 addresses" */
export function aboutWords(subjects: readonly { kind: string }[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of subjects) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const parts = [...counts].map(([kind, count]) => {
    const [one, many] = kinds[kind] ?? [kind.toLowerCase(), `${kind.toLowerCase()}s`];
    return `${count} ${count === 1 ? one : many}`;
  });
  return parts.join(" and ") || "nobody in particular";
}
