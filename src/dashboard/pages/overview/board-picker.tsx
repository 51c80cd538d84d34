import { overviewWords as words } from "../../words/overview.ts";

interface BoardPickerProps {
  boards: readonly { id: string; name: string; shared: boolean }[];
  /** Empty: the overview that ships. */
  value: string;
  onChange: (id: string) => void;
}

/** Chooses among the overview, one's own dashboards and everybody's. */
export function BoardPicker({ boards, value, onChange }: BoardPickerProps) {
  const groups = [
    { label: words.pickers.own, boards: boards.filter(({ shared }) => !shared) },
    { label: words.pickers.shared, boards: boards.filter(({ shared }) => shared) },
  ];
  return (
    <select
      className="input board-picker"
      aria-label={words.dashboards}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{words.standard}</option>
      {groups
        .filter((group) => group.boards.length > 0)
        .map((group) => (
          <optgroup key={group.label} label={group.label}>
            {group.boards.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </optgroup>
        ))}
    </select>
  );
}
