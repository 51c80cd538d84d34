import { words } from "../words.ts";
import { Button } from "./button.tsx";
import { toast } from "./toast.tsx";

/** A text to be taken along, as it is shown only once. */
export function Secret({ text }: { text: string }) {
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text); // there is none where the page came over plain HTTP
      toast(words.do.copied);
    } catch {
      toast(words.do.notCopied, "bad");
    }
  }
  return (
    <div className="secret">
      <code>{text}</code>
      <Button small onClick={() => void copy()}>
        {words.do.copy}
      </Button>
    </div>
  );
}
