/** What makes a subscription one that viewers who may see the same can share: an extension of its field. */
import type { Permission } from "../access/permissions.ts";
import type { Topic } from "../publish/change.ts";
import type { Context, FeedChange, Services } from "./context.ts";

export interface SharedStream {
  /** Who may follow it. */
  permission: Permission;
  /** Durable: the changes of this topic, from the argument `after` on. */
  durable?: Topic;
  /**
   * Of its changes those that the other arguments ask for; the patients that it notes in the context are read by everybody
   * who follows. Throws what is wrong with the arguments, also where there are no changes.
   */
  fitting?(
    context: Context,
    args: Record<string, unknown>,
    changes: readonly FeedChange[],
  ): Promise<readonly FeedChange[]>;
  /** A gauge: whoever comes gets the latest value at once. Throws what is wrong with the arguments. */
  latest?(
    services: Services,
    organizationId: string,
    args: Record<string, unknown>,
    signal: AbortSignal,
  ): AsyncGenerator<unknown, void, void>;
  /** Throws, of a gauge, where what it is about is one viewer's alone: then they have a stream of their own. */
  requireCommon?(services: Services, organizationId: string, args: Record<string, unknown>): Promise<unknown>;
  /**
   * A live tail: whoever comes gets what comes from then on. Opened in the context of the viewers' class; the patients that
   * this notes in it are read by everybody who follows.
   */
  passing?(
    context: Context,
    args: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<unknown, void, void>>;
}

/** For a field's `extensions`. */
export const shared = (stream: SharedStream): { shared: SharedStream } => ({ shared: stream });

/** What a field's extensions say of it; undefined: each viewer has a stream of their own. */
export function sharedStreamOf(extensions: Readonly<Record<string, unknown>>): SharedStream | undefined {
  return extensions.shared as SharedStream | undefined;
}
