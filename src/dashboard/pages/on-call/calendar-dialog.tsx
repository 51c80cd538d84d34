import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { CalendarRenewDocument, CalendarRevokeDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { Secret } from "../../parts/secret.tsx";
import { toast } from "../../parts/toast.tsx";
import { onCallWords } from "../../words/on-call.ts";
import { words as shared } from "../../words.ts";

const words = onCallWords.calendar;

interface CalendarDialogProps {
  schedule: { id: string; name: string; hasCalendar: boolean };
  onClose: () => void;
  onDone: () => void;
}

/** The secret link to a schedule's calendar: made, shown once, ended. */
export function CalendarDialog({ schedule, onClose, onDone }: CalendarDialogProps) {
  const renew = useMutation(CalendarRenewDocument);
  const revoke = useMutation(CalendarRevokeDocument);
  const [url, setUrl] = useState<string>();

  async function make(): Promise<void> {
    revoke.clear();
    const done = await renew.run({ id: schedule.id });
    if (!done) return;
    setUrl(new URL(done.onCallCalendarRenew.url ?? "/", location.origin).href);
    onDone();
  }

  async function end(): Promise<void> {
    renew.clear();
    if (!(await revoke.run({ id: schedule.id }))) return;
    toast(words.revoked);
    onDone();
    onClose();
  }

  return (
    <Dialog
      open
      title={words.title(schedule.name)}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{shared.do.close}</Button>
          {schedule.hasCalendar && !url && (
            <Button kind="danger" busy={revoke.busy} onClick={() => void end()}>
              {words.revoke}
            </Button>
          )}
          {!url && (
            <Button kind="primary" busy={renew.busy} onClick={() => void make()}>
              {schedule.hasCalendar ? words.renew : words.make}
            </Button>
          )}
        </>
      }
    >
      <p>{words.text}</p>
      {schedule.hasCalendar && !url && <p className="muted small">{words.has}</p>}
      {url && <Secret text={url} />}
      <FormErrors errors={[...renew.errors, ...revoke.errors]} />
    </Dialog>
  );
}
