/** Which parts of a rule hold for which events: the rule once more for each of its selections, on its own. */
import { parse, stringify } from "yaml";
import { localEngine, type SentEvent } from "./engine.ts";
import { logsourcesOf, sentEvent } from "./sigma.ts";

/** One line for each event, e.g. `event 0: selection no, filter yes`. */
export async function clausesOf(yaml: string, events: readonly Record<string, unknown>[]): Promise<string[]> {
  const rule = parse(yaml) as { detection: Record<string, unknown> };
  const names = Object.keys(rule.detection).filter((name) => name !== "condition" && name !== "timeframe");
  const [logsource = {}] = logsourcesOf(yaml);
  const batches = events.map((event): SentEvent[] => [sentEvent(event, logsource)]);
  const lines = events.map((_, n) => `event ${n}:`);
  for (const name of names) {
    const alone = stringify({ ...rule, detection: { [name]: rule.detection[name], condition: name } });
    for (const [n, batch] of batches.entries()) {
      const [result] = await localEngine.run([{ yaml: alone, batches: [batch] }]);
      const holds = result && "opened" in result && result.opened.flat().length > 0;
      lines[n] += ` ${name} ${holds ? "yes" : "no"},`;
    }
  }
  return lines.map((line) => line.replace(/,$/, ""));
}
