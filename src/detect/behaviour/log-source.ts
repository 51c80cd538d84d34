import type { Logsource } from "../../ingest/event.ts";

/** What a log source is called as an entity: `product/service/category`, with nothing between where it gave none. */
export function sourceKey({ product = "", service = "", category = "" }: Logsource): string {
  return `${product}/${service}/${category}`;
}

/** Vigil's own events about a log source that has gone silent. */
export const monitorSource = { product: "vigil", service: "monitor" } as const;
export const silentAction = "source.silent";
