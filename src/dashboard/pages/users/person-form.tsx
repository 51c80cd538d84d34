import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import {
  type PeopleRole,
  UserChangeDocument,
  UserMakeDocument,
  type UserRowFragment,
} from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { Secret } from "../../parts/secret.tsx";
import { toast } from "../../parts/toast.tsx";
import { userWords as words } from "../../words/users.ts";
import { words as shared } from "../../words.ts";

const roles = (["VIEWER", "ANALYST", "RESPONDER", "AUDITOR", "ADMIN"] as const).map((value) => ({
  value: value as PeopleRole,
  label: words.roles[value],
}));

interface PersonFormProps {
  user: UserRowFragment | undefined;
  onClose: () => void;
  onDone: () => void;
}

/** A person, new or changed. A new one's sign-in link is shown once. */
export function PersonForm({ user, onClose, onDone }: PersonFormProps) {
  const [name, setName] = useState(user?.name ?? "");
  const [email, setEmail] = useState(user?.email ?? "");
  const [role, setRole] = useState<PeopleRole>((user?.role as PeopleRole | undefined) ?? "VIEWER");
  const [link, setLink] = useState<string>();
  const make = useMutation(UserMakeDocument);
  const change = useMutation(UserChangeDocument);
  const errors = user ? change.errors : make.errors;

  async function save(): Promise<void> {
    if (user) {
      // Only what one has changed: somebody else may have taken the role away meanwhile.
      const input = {
        ...(name.trim() === user.name ? {} : { name: name.trim() }),
        ...(role === user.role ? {} : { role }),
      };
      if (Object.keys(input).length > 0 && !(await change.run({ id: user.id, input }))) return;
      toast(words.saved);
      onDone();
      return onClose();
    }
    const done = await make.run({ input: { name: name.trim(), email: email.trim(), role } });
    if (!done) return;
    onDone();
    setLink(new URL(done.userCreate.signInLink ?? "/", location.origin).href);
  }

  if (link) {
    return (
      <Dialog
        open
        title={words.linkTitle(name)}
        onClose={onClose}
        actions={<Button onClick={onClose}>{shared.do.close}</Button>}
      >
        <p>{words.linkText}</p>
        <Secret text={link} />
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={user ? words.edit(user.name) : words.add}
      errors={errors}
      shown={["input.name", "input.email", "input.role"]}
      busy={make.busy || change.busy}
      onClose={onClose}
      onSave={() => void save()}
    >
      <TextField
        label={words.name}
        value={name}
        onChange={setName}
        autoComplete="off"
        error={errorAt(errors, "input", "name")}
      />
      {!user && (
        <TextField
          label={words.email}
          type="email"
          value={email}
          onChange={setEmail}
          autoComplete="off"
          error={errorAt(errors, "input", "email")}
        />
      )}
      <SelectField
        label={words.role}
        hint={words.roleHints[role]}
        value={role}
        onChange={setRole}
        options={roles}
        error={errorAt(errors, "input", "role")}
      />
    </FormDialog>
  );
}
