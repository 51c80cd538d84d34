import { SelectField } from "./field.tsx";

const zones = Intl.supportedValuesOf("timeZone");
export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

interface TimeZoneProps {
  label: string;
  hint?: string;
  value: string;
  onChange: (value: string) => void;
  /** What an empty value means; absent: there must be one. */
  none?: string;
  error?: string | undefined;
}

/** One of the IANA time zones that the browser knows, and the present one. */
export function TimeZoneField({ value, none, ...rest }: TimeZoneProps) {
  const all = value === "" || zones.includes(value) ? zones : [value, ...zones];
  const options = all.map((zone) => ({ value: zone, label: zone.replaceAll("_", " ") }));
  return (
    <SelectField
      {...rest}
      value={value}
      options={none === undefined ? options : [{ value: "", label: none }, ...options]}
    />
  );
}
