import type { Viewer } from "../access/viewer.ts";
import { VigilError } from "../errors.ts";
import type { Services } from "../schema/context.ts";

const checkInterval = 2_000; // 2 seconds; with as long a cache behind it, whoever is out is out within 5

/**
 * Looks again and again who a credential belongs to while its stream is open, and tells once why the stream must end:
 * tokens expire, sessions idle, people are suspended or given another role. Returns what ends the looking.
 */
export function watchCredential(
  { authenticator, log, now }: Pick<Services, "authenticator" | "log" | "now">,
  credential: string,
  viewer: Viewer,
  end: (reason: string) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  let isTold = false; // that it could not be checked: not by every stream at every look, for as long as a database is away

  async function reasonToEnd(): Promise<string | undefined> {
    try {
      const current = await authenticator.authenticate(credential, { use: false });
      isTold = false;
      if (current.role !== viewer.role) return "Your role has changed";
      if (current.secondFactor === "MISSING" && viewer.secondFactor !== "MISSING")
        return "A second factor is asked for now";
      if (current.expiresAt !== undefined && current.expiresAt <= now()) return "Your token has expired";
    } catch (error) {
      if (error instanceof VigilError && error.code === "UNAUTHENTICATED") return "Your token is no longer valid";
      if (!isTold) log.warn({ err: String(error) }, "a stream's credential could not be checked"); // the next look decides
      isTold = true;
      if (viewer.expiresAt !== undefined && viewer.expiresAt <= now()) return "Your token has expired";
    }
    return undefined;
  }

  function wait(): void {
    const left = (viewer.expiresAt ?? Number.POSITIVE_INFINITY) - now();
    const look = async (): Promise<void> => {
      const reason = await reasonToEnd();
      if (over) return;
      if (reason === undefined) return wait();
      over = true;
      end(reason);
    };
    timer = setTimeout(() => void look(), Math.max(0, Math.min(checkInterval, left)));
    timer.unref();
  }

  wait();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
