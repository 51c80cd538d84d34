import { words } from "../words.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Secret } from "./secret.tsx";

interface SecretDialogProps {
  words: { secretTitle: string; secretText: string };
  secret: string;
  onClose: () => void;
}

/** What takes a form's place once a secret was made: it is shown this once. */
export function SecretDialog({ words: { secretTitle, secretText }, secret, onClose }: SecretDialogProps) {
  return (
    <Dialog open title={secretTitle} onClose={onClose} actions={<Button onClick={onClose}>{words.do.close}</Button>}>
      <p>{secretText}</p>
      <Secret text={secret} />
    </Dialog>
  );
}
