import { type FormEvent, useEffect, useState } from "react";
import { type ApiError, redeemLink, requestLink } from "../api.ts";
import { Button } from "../parts/button.tsx";
import { TextField } from "../parts/field.tsx";
import { sessionWords as words } from "../words/session.ts";
import { Gate } from "./gate.tsx";

/** The token of a pasted sign-in link, or the text itself. */
function tokenOf(text: string): string {
  const trimmed = text.trim();
  return URL.canParse(trimmed) ? (new URL(trimmed).searchParams.get("token") ?? "") : trimmed;
}

interface SignInProps {
  notice: string | undefined;
  /** Of whoever has just left: whether the server confirms it. */
  leaving: Promise<boolean> | undefined;
  onDone: () => void;
}

/** For whoever is not signed in: a link is pasted, or asked for by e-mail. */
export function SignIn({ notice, leaving, onDone }: SignInProps) {
  const [link, setLink] = useState("");
  const [email, setEmail] = useState("");
  const [organization, setOrganization] = useState("");
  const [fault, setFault] = useState<{ of: "link" | "email"; message: string }>();
  const [sent, setSent] = useState(false);
  const [busy, setBusy] = useState(false);
  const [unconfirmed, setUnconfirmed] = useState(false);

  useEffect(() => void leaving?.then((isConfirmed) => setUnconfirmed(!isConfirmed)), [leaving]);

  async function attempt(of: "link" | "email", work: () => Promise<void>): Promise<void> {
    setBusy(true);
    setFault(undefined);
    await work().catch((error: ApiError) =>
      setFault({ of, message: error.code === "NOT_FOUND" ? words.noEmail : error.message }),
    );
    setBusy(false);
  }

  function redeem(event: FormEvent): void {
    event.preventDefault();
    if (link.trim() === "") return setFault({ of: "link", message: words.linkEmpty });
    void attempt("link", () => redeemLink(tokenOf(link)).then(onDone));
  }

  function ask(event: FormEvent): void {
    event.preventDefault();
    void attempt("email", () => requestLink(email.trim(), organization.trim() || undefined).then(() => setSent(true)));
  }

  return (
    <Gate title={words.title} lead={notice ?? words.lead}>
      {unconfirmed && (
        <p className="field-error" role="alert">
          {words.unconfirmed}
        </p>
      )}
      <form onSubmit={redeem} className="stack">
        <TextField
          label={words.link}
          hint={words.linkHint}
          value={link}
          onChange={setLink}
          error={fault?.of === "link" ? fault.message : undefined}
          autoComplete="off"
          secret
        />
        <Button kind="primary" type="submit" busy={busy}>
          {words.signIn}
        </Button>
      </form>
      <p className="gate-or">{words.or}</p>
      <form onSubmit={ask} className="stack">
        <TextField
          label={words.email}
          type="email"
          value={email}
          onChange={setEmail}
          error={fault?.of === "email" ? fault.message : undefined}
          autoComplete="email"
          required
        />
        <TextField
          label={words.organization}
          value={organization}
          onChange={setOrganization}
          autoComplete="organization"
        />
        <Button type="submit" busy={busy}>
          {words.sendLink}
        </Button>
        {sent && <p role="status">{words.linkSent}</p>}
      </form>
    </Gate>
  );
}
