import { type Permission, requireSecondFactor } from "../access/permissions.ts";
import type { Topic } from "../publish/change.ts";
import { requirePermission } from "./builder.ts";
import { type Context, type FeedChange, viewerOf } from "./context.ts";

const longestTimer = 2 ** 31 - 1; // ms: what setTimeout can take

/** Of some changes those that are asked for; throws what is wrong with the question, also where there are none. */
type Fitting = (changes: readonly FeedChange[]) => Promise<readonly FeedChange[]>;

/** The changes of a topic behind the cursor, or from now on, for whoever has the permission (undefined: is settled). */
export async function followFeed(
  context: Context,
  permission: Permission | undefined,
  topic: Topic,
  after: string | null | undefined,
  fitting?: Fitting,
): Promise<AsyncIterableIterator<FeedChange>> {
  if (permission) await requirePermission(context, permission);
  else requireSecondFactor(viewerOf(context));
  await fitting?.([]);
  const { feed } = context.services;
  const from = after ?? undefined;
  return live(context, (organizationId, signal) =>
    fitting
      ? sifted(feed.followPages(organizationId, topic, from, signal), fitting)
      : feed.follow(organizationId, topic, from, signal),
  );
}

async function* sifted(pages: AsyncGenerator<FeedChange[]>, fitting: Fitting): AsyncGenerator<FeedChange> {
  for await (const page of pages) yield* await fitting(page);
}

/**
 * A stream that ends when its reader leaves, its viewer's credential ends or the server closes. The signal is needed
 * because an async generator that waits for its next value cannot be told to return.
 */
export function live<T>(
  context: Context,
  open: (organizationId: string, signal: AbortSignal) => AsyncGenerator<T>,
): AsyncIterableIterator<T> {
  const viewer = viewerOf(context);
  const controller = new AbortController();
  const end = () => controller.abort();
  const left = viewer.expiresAt === undefined ? longestTimer : viewer.expiresAt - context.services.now();
  const timer = setTimeout(end, Math.min(Math.max(left, 0), longestTimer));
  timer.unref();
  if (context.closing.aborted) end();
  context.closing.addEventListener("abort", end, { once: true });
  const source = open(viewer.organizationId, controller.signal);

  function release(): void {
    clearTimeout(timer);
    context.closing.removeEventListener("abort", end);
  }

  return {
    async next() {
      try {
        const result = await source.next();
        if (result.done) release();
        return result;
      } catch (error) {
        release();
        if (controller.signal.aborted) return { done: true, value: undefined };
        throw error;
      }
    },
    async return() {
      end();
      release();
      await source.return(undefined);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
