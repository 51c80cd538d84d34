import type { UserError } from "../../data/use-mutation.ts";
import type { ContactPartsFragment, UserContactInput } from "../../generated/graphql.ts";
import { errorAt, TextField } from "../../parts/field.tsx";
import { type Hours, HoursList, hoursInput, hoursOf } from "../../parts/hours.tsx";
import { TimeZoneField } from "../../parts/time-zone.tsx";
import { userWords } from "../../words/users.ts";

const words = userWords.contact;

/** How somebody wants to be told, as the form holds it; empty: none, or as the organization. */
export interface ContactDraft {
  phone: string;
  locale: string;
  timeZone: string;
  quietHours: Hours[];
}

export function contactOf(given: ContactPartsFragment | null | undefined): ContactDraft {
  return {
    phone: given?.phone ?? "",
    locale: given?.locale ?? "",
    timeZone: given?.timeZone ?? "",
    quietHours: (given?.quietHours ?? []).map(hoursOf),
  };
}

/** As the API takes it. */
export function contactInput({ phone, locale, timeZone, quietHours }: ContactDraft): UserContactInput {
  return {
    phone: phone.replaceAll(/[\s()-]/g, "") || null,
    locale: locale.trim() || null,
    timeZone: timeZone || null,
    quietHours: quietHours.map(hoursInput),
  };
}

interface ContactFieldsProps {
  contact: ContactDraft;
  onChange: (part: Partial<ContactDraft>) => void;
  errors: readonly UserError[];
}

/** Telephone, language, time zone and quiet hours of a person. */
export function ContactFields({ contact, onChange, errors }: ContactFieldsProps) {
  const at = (name: string) => errorAt(errors, "input", name);
  return (
    <>
      <div className="form-pair">
        <TextField
          label={words.phone}
          hint={words.phoneHint}
          type="tel"
          autoComplete="off"
          value={contact.phone}
          onChange={(phone) => onChange({ phone })}
          error={at("phone")}
        />
        <TextField
          label={words.locale}
          hint={words.localeHint}
          autoComplete="off"
          value={contact.locale}
          onChange={(locale) => onChange({ locale })}
          error={at("locale")}
        />
        <TimeZoneField
          label={words.timeZone}
          none={words.ofOrganization}
          value={contact.timeZone}
          onChange={(timeZone) => onChange({ timeZone })}
          error={at("timeZone")}
        />
      </div>
      <HoursList
        legend={words.quiet}
        empty={words.noQuiet}
        hours={contact.quietHours}
        onChange={(quietHours) => onChange({ quietHours })}
        errors={errors}
        path={["input", "quietHours"]}
      />
    </>
  );
}

/** Whether a field of these shows the error at this place. */
export const showsContact = (place: string): boolean => /^(phone|locale|timeZone|quietHours)/.test(place);
