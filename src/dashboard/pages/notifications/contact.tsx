import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import { MyContactChangeDocument, MyContactDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { FormErrors, placeOf, saysBroken } from "../../parts/field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Loaded } from "../../parts/states.tsx";
import { toast } from "../../parts/toast.tsx";
import { notificationWords as words } from "../../words/notifications.ts";
import { words as shared } from "../../words.ts";
import { type ContactDraft, ContactFields, contactInput, contactOf, showsContact } from "../users/contact-fields.tsx";

/** The viewer's own telephone, language, time zone and quiet hours. */
export function Contact() {
  const found = useQuery(MyContactDocument, {}, { anew: true });
  const [draft, setDraft] = useState<ContactDraft>();
  const { run, errors, busy } = useMutation(MyContactChangeDocument);
  const contact = draft ?? contactOf(found.data?.viewer.contact);

  async function save(): Promise<void> {
    if (!(await run({ input: contactInput(contact) }))) return;
    toast(words.contactSaved);
    found.reload();
  }

  return (
    <Panel title={words.contact} lead={words.contactLead}>
      <Loaded of={found} lines={3}>
        {() => (
          <form
            className="card-body form"
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              if (!saysBroken(event.currentTarget)) void save();
            }}
          >
            <ContactFields contact={contact} onChange={(part) => setDraft({ ...contact, ...part })} errors={errors} />
            <FormErrors errors={errors} shown={errors.map(({ path }) => placeOf(path)).filter(showsContact)} />
            <div>
              <Button kind="primary" type="submit" busy={busy} disabled={!draft}>
                {shared.do.save}
              </Button>
            </div>
          </form>
        )}
      </Loaded>
    </Panel>
  );
}
