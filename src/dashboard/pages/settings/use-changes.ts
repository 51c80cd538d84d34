import { useState } from "react";
import type { UserError } from "../../data/use-mutation.ts";
import type { TypedDocumentString } from "../../generated/graphql.ts";
import { useSave } from "../../parts/use-save.ts";
import { settingsWords } from "../../words/settings.ts";

export interface Changes {
  isChanged: boolean;
  errors: readonly UserError[];
  busy: boolean;
  save: () => Promise<void>;
}

/** Saves what differs from what the form was filled with, or saved last: others may have changed the rest meanwhile. */
export function useChanges<Result extends object, Input extends object>(
  document: TypedDocumentString<Result, { input: Input }>,
  input: Input,
  onSaved: () => void,
): Changes {
  const [filled, setFilled] = useState(input);
  const changed = Object.entries(input).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(filled[name as keyof Input]),
  );
  const { keep, errors, busy } = useSave(document, settingsWords.saved, () => {
    setFilled(input);
    onSaved();
  });
  const save = (): Promise<void> => keep({ input: Object.fromEntries(changed) as Input });
  return { isChanged: changed.length > 0, errors, busy, save };
}
