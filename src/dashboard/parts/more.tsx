import "./more.css";
import { useState } from "react";
import { words } from "../words.ts";
import { Button } from "./button.tsx";
import { toast } from "./toast.tsx";

/** Reads on at the end of a list, where there is more. */
export function More({ of: { hasMore, more } }: { of: { hasMore: boolean; more: () => Promise<void> } }) {
  const [busy, setBusy] = useState(false);
  if (!hasMore) return null;
  async function next(): Promise<void> {
    setBusy(true);
    await more().catch((error: Error) => toast(error.message, "bad"));
    setBusy(false);
  }
  return (
    <div className="more">
      <Button busy={busy} onClick={() => void next()}>
        {words.do.more}
      </Button>
    </div>
  );
}
