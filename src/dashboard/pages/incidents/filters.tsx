import { useSearchParams } from "wouter";
import type { QueryState } from "../../data/use-query.ts";
import type { IncidentFilter, IncidentOrder, SavedFilterListQuery } from "../../generated/graphql.ts";
import { Search } from "../../parts/search.tsx";
import { incidentsWords as words } from "../../words/incidents.ts";
import { words as shared } from "../../words.ts";
import { type Asked, levels, onlyOf, orders, views } from "./filter.ts";
import { SavedFilters } from "./saved-filters.tsx";

interface FiltersProps {
  asked: Asked;
  saved: QueryState<SavedFilterListQuery>;
  /** What is shown, to be saved. */
  filter: IncidentFilter;
  orderBy: readonly IncidentOrder[];
}

/** What is asked for; each change goes into the address. */
export function Filters({ asked, saved, filter, orderBy }: FiltersProps) {
  const [, setSearch] = useSearchParams();
  const shown = orders.find((one) => one === orderBy[0]?.field) ?? asked.order; // a saved filter may have its own

  function set(name: string, value: string): void {
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        if (name === "view") next.delete("saved");
        return next;
      },
      { replace: true },
    );
  }

  return (
    <div className="filters">
      <fieldset className="views" aria-label={shared.shell.navigation}>
        {views.map((view) => (
          <button
            key={view}
            type="button"
            aria-pressed={!asked.saved && asked.view === view}
            onClick={() => set("view", view)}
          >
            {words.views[view]}
          </button>
        ))}
      </fieldset>
      <Search label={words.search} value={asked.words} onChange={(text) => set("words", text)} />
      <select
        className="input"
        aria-label={words.severity}
        value={asked.severity && asked.isOnly ? onlyOf(asked.severity) : (asked.severity ?? "")}
        onChange={(event) => set("severity", event.target.value)}
      >
        <option value="">{words.anySeverity}</option>
        {levels.slice(0, 4).map((level) => (
          <option key={level} value={level}>
            {level === "CRITICAL" ? shared.severity.CRITICAL : words.atLeast(shared.severity[level])}
          </option>
        ))}
        {levels.slice(1).map((level) => (
          <option key={level} value={onlyOf(level)}>
            {words.only(shared.severity[level])}
          </option>
        ))}
      </select>
      <select
        className="input"
        aria-label={words.order}
        value={shown}
        onChange={(event) => set("order", event.target.value)}
      >
        {orders.map((order) => (
          <option key={order} value={order}>
            {words.orders[order]}
          </option>
        ))}
      </select>
      <SavedFilters asked={asked} saved={saved} filter={filter} order={shown} onChoose={(id) => set("saved", id)} />
    </div>
  );
}
