import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import { PersonContactChangeDocument, PersonContactDocument, type UserRowFragment } from "../../generated/graphql.ts";
import { placeOf } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { Loaded } from "../../parts/states.tsx";
import { toast } from "../../parts/toast.tsx";
import { userWords } from "../../words/users.ts";
import { type ContactDraft, ContactFields, contactInput, contactOf, showsContact } from "./contact-fields.tsx";

const words = userWords.contact;

/** How another person is told: their telephone and quiet hours. */
export function ContactForm({ user, onClose }: { user: UserRowFragment; onClose: () => void }) {
  const found = useQuery(PersonContactDocument, { id: user.id }, { anew: true });
  const node = found.data?.node;
  const given = node && "contact" in node ? node.contact : undefined;
  const [draft, setDraft] = useState<ContactDraft>();
  const { run, errors, busy } = useMutation(PersonContactChangeDocument);

  async function save(): Promise<void> {
    if (draft) {
      if (!(await run({ id: user.id, input: contactInput(draft) }))) return;
      toast(words.saved);
    }
    onClose();
  }

  return (
    <FormDialog
      wide
      title={words.title(user.name)}
      errors={errors}
      shown={errors.map(({ path }) => placeOf(path)).filter(showsContact)}
      busy={busy}
      ready={found.data !== undefined}
      onClose={onClose}
      onSave={() => void save()}
    >
      <Loaded of={found} lines={3}>
        {() => (
          <ContactFields
            contact={draft ?? contactOf(given)}
            onChange={(part) => setDraft({ ...(draft ?? contactOf(given)), ...part })}
            errors={errors}
          />
        )}
      </Loaded>
    </FormDialog>
  );
}
