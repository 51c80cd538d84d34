import "./field.css";
import { type ReactNode, useId } from "react";
import type { UserError } from "../data/use-mutation.ts";

interface FieldProps {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
}

interface FrameProps extends FieldProps {
  children: (ids: { id: string; describedBy: string | undefined; invalid: boolean | undefined }) => ReactNode;
}

function Frame({ label, hint, error, children }: FrameProps) {
  const id = useId();
  const describedBy = error ? `${id}-error` : hint ? `${id}-hint` : undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, describedBy, invalid: error ? true : undefined })}
      {hint && !error && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
    </div>
  );
}

interface TextProps extends FieldProps {
  value: string;
  onChange: (value: string) => void;
  type?: "text" | "email" | "number" | "search" | "datetime-local" | "date" | "time" | "url" | "tel";
  /** Not to be read over a shoulder. */
  secret?: boolean;
  /** Several lines; so many are shown. */
  rows?: number;
  /** It is not saved while it is empty: none at all is not zero. */
  required?: boolean;
  autoComplete?: string;
  placeholder?: string;
  mono?: boolean;
}

export function TextField({
  label,
  hint,
  error,
  value,
  onChange,
  secret,
  rows,
  mono,
  type = "text",
  ...rest
}: TextProps) {
  return (
    <Frame label={label} hint={hint} error={error}>
      {({ id, describedBy, invalid }) => {
        const shared = {
          ...rest,
          id,
          value,
          "aria-describedby": describedBy,
          "aria-invalid": invalid,
          className: mono ? "input mono" : "input",
          spellCheck: mono ? false : undefined,
        };
        if (rows) return <textarea {...shared} rows={rows} onChange={(event) => onChange(event.target.value)} />;
        return (
          <input {...shared} type={secret ? "password" : type} onChange={(event) => onChange(event.target.value)} />
        );
      }}
    </Frame>
  );
}

interface SelectProps<Value extends string> extends FieldProps {
  value: Value;
  onChange: (value: Value) => void;
  options: readonly { value: Value; label: string }[];
}

export function SelectField<Value extends string>({
  label,
  hint,
  error,
  value,
  onChange,
  options,
}: SelectProps<Value>) {
  return (
    <Frame label={label} hint={hint} error={error}>
      {({ id, describedBy, invalid }) => (
        <select
          id={id}
          className="input"
          value={value}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          onChange={(event) => onChange(event.target.value as Value)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Frame>
  );
}

export function CheckField({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    <label className="field-check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}

/** Whether a field lacks what it needs, or holds what is taken for nothing, as half a date is: the browser says so. */
export function saysBroken(form: HTMLFormElement): boolean {
  const fields = Array.from(form.elements).filter((one) => one instanceof HTMLInputElement);
  const broken = fields.find(({ validity }) => validity.badInput || validity.valueMissing);
  return broken !== undefined && !broken.reportValidity();
}

/** An argument's place within `input`: some mutations name that word in their paths, others leave it out. */
export function placeOf(path: readonly string[]): string {
  return (path[0] === "input" ? path.slice(1) : path).join(".");
}

/** The message of the user error at this argument, e.g. `errorAt(errors, "input", "name")`. */
export function errorAt(errors: readonly UserError[], ...path: string[]): string | undefined {
  return errors.find((error) => error.path.length > 0 && placeOf(error.path) === placeOf(path))?.message;
}

/** User errors that no field of the form shows: `shown` are the paths of those that do. */
export function FormErrors({ errors, shown = [] }: { errors: readonly UserError[]; shown?: readonly string[] }) {
  const places = shown.map((one) => placeOf(one.split(".")));
  const rest = errors.filter(({ path }) => path.length === 0 || !places.includes(placeOf(path)));
  if (rest.length === 0) return null;
  return (
    <div className="form-errors" role="alert">
      {rest.map(({ message, path }) => (
        <p key={`${path.join(".")}${message}`}>{message}</p>
      ))}
    </div>
  );
}
