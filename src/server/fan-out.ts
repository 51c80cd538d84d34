/**
 * Identical subscriptions share one execution: what the same document, with the same variables, answers to viewers who
 * may see the same. Each change is executed and serialised once; the frames of it differ by the operation's id alone.
 */
import { type ExecutionResult, execute, type GraphQLError } from "graphql";
import { may } from "../access/permissions.ts";
import { decodeCursor, hasComeTo, isUnread, type Position } from "../publish/cursor.ts";
import type { FeedChange } from "../schema/context.ts";
import { mayReadPatients } from "../schema/phi.ts";
import type { SharedStream } from "../schema/shared.ts";
import { describe, heldBack, type Reader, writeDownRead } from "./audit-plugin.ts";
import { type Operation, type Shared, sharedOf } from "./shared-operation.ts";
import { classContext } from "./viewer-class.ts";

/** One subscription of one socket. */
export interface Subscriber {
  context: Reader;
  /** Sends serialised results, in their order. */
  send(payloads: readonly Buffer[]): void;
  /** Nothing more will come; with a fault, because of it. */
  end(fault?: Error): void;
}

interface Member extends Subscriber {
  /** What it has been shown already; undefined: nothing that the group has yet to show. */
  shown: Position | undefined;
  /** Where it has arrived. */
  group?: Group;
}

interface Group extends Shared {
  members: Set<Member>;
  /** The last change that was handed out; for a gauge undefined. */
  position: Position | undefined;
  /** The latest value of a gauge. */
  latest: Buffer | undefined;
  ending: AbortController;
  /** It has begun to follow; rejects where it could not. */
  ready: Promise<void>;
}

export interface FanOut {
  /**
   * Takes the subscription over where it can be shared, and answers what makes the subscriber leave. Undefined: it is to
   * be executed on its own. The operation has been validated.
   */
  join(operation: Operation, subscriber: Subscriber): Promise<(() => void) | undefined>;
  /** Streams that are shared now, results that were executed for them, and frames that were made of those. */
  counts(): { streams: number; executed: number; sent: number };
}

type Subscribers = readonly [Subscriber, ...Subscriber[]];

const together = 50; // changes that are executed at once, and leave in one write to each socket

export function createFanOut(mask: (error: unknown) => Error): FanOut {
  const groups = new Map<string, Group>();
  const counted = { executed: 0, sent: 0 };

  /** What the event answers to everybody of the members' class. What names patients is first written down for each. */
  async function answer(shared: Shared, event: unknown, members: Subscribers): Promise<Buffer> {
    const [{ context: one }] = members;
    const context = classContext(one, async (_viewer, permission) => {
      await Promise.all(members.map(({ context: { services, viewer } }) => services.refused(viewer, permission)));
    });
    counted.executed++;
    const { schema, document, operationName, variableValues } = shared;
    let result: ExecutionResult = await execute({
      schema,
      document,
      operationName: operationName ?? null,
      variableValues: variableValues ?? null,
      rootValue: event,
      contextValue: context,
    });
    if (result.errors) result = { ...result, errors: result.errors.map((error) => mask(error) as GraphQLError) };
    const patients = context.patients ?? new Set();
    if (patients.size > 0) {
      const readers = members.map((member) => member.context);
      await writeDownRead(readers, patients, describe(shared)).catch((error: Error) => {
        result = heldBack(one.services.log, error);
      });
    }
    return Buffer.from(JSON.stringify(result));
  }

  const answers = (shared: Shared, changes: readonly FeedChange[], members: Subscribers): Promise<Buffer[]> =>
    Promise.all(changes.map((change) => answer(shared, change, members)));

  function open(shared: Shared, first: Subscriber): Group {
    const { services, viewer, closing } = first.context;
    const ending = new AbortController();
    const end = (): void => ending.abort();
    if (closing.aborted) end();
    closing.addEventListener("abort", end, { once: true });
    ending.signal.addEventListener("abort", () => closing.removeEventListener("abort", end), { once: true });
    const group: Group = {
      ...shared,
      members: new Set(),
      position: undefined,
      latest: undefined,
      ending,
      ready: Promise.resolve(),
    };
    const { durable, latest } = shared.stream;
    if (durable) {
      group.ready = services.feed.cursor(viewer.organizationId).then((cursor) => {
        group.position = decodeCursor(cursor);
        void run(group, () => followDurable(group, first.context, durable, cursor));
      });
      group.ready.catch(() => forget(group)); // whoever waits for it is told
    } else if (latest) {
      const values = latest(services, viewer.organizationId, shared.args, ending.signal);
      void run(group, () => followLatest(group, values, first));
    }
    return group;
  }

  async function run(group: Group, follow: () => Promise<void>): Promise<void> {
    const fault = await follow().then(
      () => undefined,
      (error: Error) => error,
    );
    forget(group);
    for (const member of group.members) member.end(fault && mask(fault));
    group.members.clear();
  }

  async function followDurable(
    group: Group,
    { services, viewer }: Reader,
    topic: NonNullable<SharedStream["durable"]>,
    cursor: string,
  ): Promise<void> {
    const { members, ending } = group;
    for await (const page of services.feed.followPages(viewer.organizationId, topic, cursor, ending.signal)) {
      for (let from = 0; from < page.length; from += together) {
        const changes = page.slice(from, from + together);
        const positions = changes.map((change) => decodeCursor(change.cursor));
        const [one, ...others] = members;
        const payloads = one ? await answers(group, changes, [one, ...others]) : [];
        // From here on nothing waits, so that whoever joins does so before all of it or after all of it.
        group.position = positions.at(-1);
        for (const member of payloads.length > 0 ? members : []) {
          const { shown } = member;
          const unread = shown ? payloads.filter((_, n) => isUnread(shown, positions[n] as Position)) : payloads;
          if (shown && unread.length === payloads.length && !shown.seen) member.shown = undefined;
          if (unread.length === 0) continue;
          counted.sent += unread.length;
          member.send(unread);
        }
      }
    }
  }

  /** The first value may come before `first` has entered: it is then what `first` gets on entering. */
  async function followLatest(
    group: Group,
    values: AsyncGenerator<unknown, void, void>,
    first: Subscriber,
  ): Promise<void> {
    for await (const value of values) {
      const [one = first, ...others] = group.members;
      const payload = await answer(group, value, [one, ...others]);
      group.latest = payload;
      for (const member of group.members) {
        counted.sent++;
        member.send([payload]);
      }
    }
  }

  /** Ends a group; whoever comes now begins another. */
  function forget(group: Group): void {
    if (groups.get(group.key) === group) groups.delete(group.key);
    group.ending.abort();
  }

  function forgetIfEmpty(group: Group): void {
    if (group.members.size === 0) forget(group);
  }

  /** The group of the key, opened where there is none. */
  function groupOf(shared: Shared, first: Subscriber): Group {
    const known = groups.get(shared.key);
    if (known) return known;
    const group = open(shared, first);
    groups.set(shared.key, group);
    return group;
  }

  function enter(group: Group, member: Member): void {
    group.members.add(member);
    member.group = group;
    if (group.latest) member.send([group.latest]);
  }

  /** Shows what was missed, until nothing lies between the subscriber and the group. */
  async function catchUp(shared: Shared, member: Member, left: AbortSignal): Promise<void> {
    const { services, viewer } = member.context;
    const topic = shared.stream.durable as NonNullable<SharedStream["durable"]>;
    const arrived = async (position: Position): Promise<boolean> => {
      const group = groupOf(shared, member);
      await group.ready;
      if (left.aborted) {
        forgetIfEmpty(group);
        return true;
      }
      if (group.ending.signal.aborted || !group.position || !hasComeTo(position, group.position)) return false;
      enter(group, Object.assign(member, { shown: position }));
      return true;
    };
    const after = String(shared.args.after);
    if (await arrived(decodeCursor(after))) return;
    for await (const page of services.feed.followPages(viewer.organizationId, topic, after, left)) {
      for (let from = 0; from < page.length; from += together) {
        const changes = page.slice(from, from + together);
        const payloads = await answers(shared, changes, [member]);
        if (left.aborted) return;
        counted.sent += payloads.length;
        member.send(payloads);
      }
      const last = page.at(-1);
      if (last && last.entityId !== undefined && (await arrived(decodeCursor(last.cursor)))) return;
    }
    member.end();
  }

  return {
    counts: () => ({ streams: groups.size, ...counted }),
    async join(operation, subscriber) {
      const shared = sharedOf(operation, subscriber.context.viewer);
      if (!shared || (await hasBreakGlass(subscriber.context))) return undefined;
      const left = new AbortController();
      const member: Member = { ...subscriber, shown: undefined };
      const leave = (): void => {
        left.abort();
        member.group?.members.delete(member);
        const group = member.group ?? groups.get(shared.key);
        if (group) forgetIfEmpty(group);
      };
      if (shared.stream.durable && typeof shared.args.after === "string") {
        catchUp(shared, member, left.signal).catch((error: Error) => member.end(mask(error)));
        return leave;
      }
      for (;;) {
        const group = groupOf(shared, subscriber);
        await group.ready;
        if (group.ending.signal.aborted && !subscriber.context.closing.aborted) continue; // it ended meanwhile
        if (!left.signal.aborted) enter(group, member);
        break;
      }
      return leave;
    },
  };
}

/** Break-glass is one viewer's own: their streams show what others' do not. */
async function hasBreakGlass(context: Reader): Promise<boolean> {
  return !may(context.viewer, "phi.read") && (await mayReadPatients(context));
}
