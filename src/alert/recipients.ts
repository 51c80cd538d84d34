/** Whom a channel tells when nobody is named, by its settings. */

/** `to` of e-mail and SMS, one or a list; a webhook and Slack have one receiver, which needs no name. */
export function recipientsOf(config: unknown): string[] {
  const { to } = (config ?? {}) as { to?: unknown };
  const named = (Array.isArray(to) ? to : [to]).filter((one): one is string => typeof one === "string" && one !== "");
  return named.length > 0 ? [...new Set(named)] : [""];
}
