import { words } from "../words.ts";
import { Button } from "./button.tsx";
import { toast } from "./toast.tsx";

/** A text to be taken along, as it is shown only once. */
export function Secret({ text }: { text: string }) {
  async function copy(): Promise<void> {
    await navigator.clipboard?.writeText(text);
    toast(words.do.copied);
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
