import "./attack.css";
import { useQuery } from "../data/use-query.ts";
import { AttackCoverageDocument } from "../generated/graphql.ts";
import { Loaded } from "../parts/states.tsx";
import { overviewWords as words } from "../words/overview.ts";
import { useRange } from "./range.ts";
import type { Settings } from "./widget.ts";

/** Which techniques of MITRE ATT&CK the rules look for, by tactic, and which were found. */
export default function Attack({ settings }: { settings: Settings }) {
  const { range } = useRange({ range: "P30D", ...settings });
  const coverage = useQuery(AttackCoverageDocument, { range });
  return (
    <Loaded of={coverage}>
      {({ attackCoverage: { tactics } }) => (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard
        <section className="attack" tabIndex={0} aria-label={words.tactics}>
          {tactics.map(({ tacticId, name, detections, rules, techniques }) => (
            <div key={tacticId} className="attack-tactic">
              <h3 title={words.tactic(name, rules.active, detections)}>{name}</h3>
              <ul>
                {techniques.map((technique) => (
                  <li
                    key={technique.techniqueId}
                    className={
                      technique.detections > 0 ? "attack-found" : technique.rules.active > 0 ? "" : "attack-off"
                    }
                    title={words.tactic(
                      technique.name ?? technique.techniqueId,
                      technique.rules.active,
                      technique.detections,
                    )}
                  >
                    <span className="clip">{technique.name ?? technique.techniqueId}</span>
                    {technique.detections > 0 && <strong className="number">{technique.detections}</strong>}
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </section>
      )}
    </Loaded>
  );
}
