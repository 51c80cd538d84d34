/**
 * Identical subscriptions share one execution: what the same document, with the same variables, answers to viewers who
 * may see the same. Each change is executed and serialised once; the frames of it differ by the operation's id alone.
 */
import { may } from "../access/permissions.ts";
import { VigilError } from "../errors.ts";
import { decodeCursor, hasComeTo, isUnread, type Position } from "../publish/cursor.ts";
import type { Context, FeedChange } from "../schema/context.ts";
import { mayReadPatients } from "../schema/phi.ts";
import type { SharedStream } from "../schema/shared.ts";
import type { Reader } from "./audit-plugin.ts";
import { answerShared, changesAskedFor, type Payload, patientsIn, writtenDown } from "./shared-answer.ts";
import { type Operation, type Shared, sharedOf } from "./shared-operation.ts";
import { classContext } from "./viewer-class.ts";

export type { Payload } from "./shared-answer.ts";

/** One subscription of one socket or stream. */
export interface Subscriber {
  context: Reader;
  /** Sends serialised results, in their order. */
  send(payloads: readonly Payload[]): void;
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
  latest: Payload | undefined;
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

const together = 50; // changes that are executed at once, and leave in one write to each socket

/** `closing`: the server's; ends every stream. */
export function createFanOut(mask: (error: unknown) => Error, closing: AbortSignal): FanOut {
  const groups = new Map<string, Group>();
  const counted = { executed: 0, sent: 0 };

  /** The context of the members' class; what it refuses is noted for each of them. */
  const contextOf = (one: Reader, members: Iterable<Subscriber>): Context =>
    classContext(one, async (_viewer, permission) => {
      await Promise.all([...members].map(({ context: { services, viewer } }) => services.refused(viewer, permission)));
    });

  function answer(shared: Shared, event: unknown, { context }: Subscriber, members: Iterable<Subscriber>) {
    counted.executed++;
    return answerShared(shared, event, contextOf(context, members), mask);
  }

  const answers = (shared: Shared, changes: readonly FeedChange[], one: Subscriber, members: Iterable<Subscriber>) =>
    Promise.all(changes.map((change) => answer(shared, change, one, members)));

  const fitting = (shared: Shared, changes: readonly FeedChange[], one: Subscriber) =>
    changesAskedFor(shared, changes, contextOf(one.context, [one]));

  function open(shared: Shared, first: Subscriber): Group {
    const { services, viewer } = first.context;
    const { organizationId } = viewer;
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
    const { durable, latest, requireCommon, passing } = shared.stream;
    if (durable) {
      group.ready = fitting(group, [], first).then(async () => {
        const cursor = await services.feed.cursor(organizationId);
        group.position = decodeCursor(cursor);
        void run(group, () => followDurable(group, first.context, durable, cursor));
      });
    } else if (latest) {
      group.ready = Promise.resolve(requireCommon?.(services, organizationId, shared.args)).then(() => {
        const values = latest(services, organizationId, shared.args, ending.signal);
        void run(group, () => followValues(group, values, first));
      });
    } else if (passing) {
      const context = contextOf(first.context, [first]);
      group.ready = passing(context, shared.args, ending.signal).then((values) => {
        group.askedFor = context.patients;
        void run(group, () => followValues(group, values));
      });
    }
    group.ready.catch(() => forget(group)); // whoever waits for it is told
    return group;
  }

  /**
   * What may be sent to all who are there: it is written down for each that they read it, also for those who came
   * meanwhile. Nothing waits between the last look and `send`, so that whoever joins does so before it or after it.
   */
  async function release(group: Group, payloads: readonly Payload[], send: (payloads: readonly Payload[]) => void) {
    const told = new Set<Member>();
    const patients = patientsIn(payloads).size > 0;
    let released = payloads;
    for (;;) {
      const fresh = patients ? [...group.members].filter((member) => !told.has(member)) : [];
      if (fresh.length === 0) return send(released);
      for (const member of fresh) told.add(member);
      const readers = fresh.map(({ context }) => context);
      released = await writtenDown(group, released, readers);
    }
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
        const passed = page.slice(from, from + together);
        const end = decodeCursor((passed.at(-1) as FeedChange).cursor);
        const [one] = members;
        const changes = one ? await fitting(group, passed, one) : [];
        const positions = changes.map((change) => decodeCursor(change.cursor));
        const payloads = one ? await answers(group, changes, one, members) : [];
        await release(group, payloads, (released) => {
          group.position = end;
          for (const member of released.length > 0 ? members : []) {
            const { shown } = member;
            const unread = shown ? released.filter((_, n) => isUnread(shown, positions[n] as Position)) : released;
            if (shown && unread.length === released.length && !shown.seen) member.shown = undefined;
            if (unread.length > 0) send(member, unread);
          }
        });
      }
    }
  }

  /** A gauge's first value may come before `first` has entered: it is then what `first` gets on entering. */
  async function followValues(
    group: Group,
    values: AsyncGenerator<unknown, void, void>,
    first?: Subscriber,
  ): Promise<void> {
    for await (const value of values) {
      const [one = first] = group.members;
      if (!one) continue;
      const payload = await answer(group, value, one, group.members);
      await release(group, [payload], (released) => {
        if (group.stream.latest) group.latest = payload;
        for (const member of group.members) send(member, released);
      });
    }
  }

  function send(member: Member, payloads: readonly Payload[]): void {
    counted.sent += payloads.length;
    member.send(payloads);
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
    const { latest } = group;
    if (latest?.patients.size === 0) send(member, [latest]);
    else if (latest) {
      void writtenDown(group, [latest], [member.context]).then((written) => {
        if (group.latest === latest && group.members.has(member)) send(member, written); // else it has a newer one
      });
    }
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
    // One of a time that was lost may be ahead of the feed: among the others, it would wait until that has come there.
    const isExpired = await services.feed.isExpired(viewer.organizationId, after);
    if (!isExpired && (await arrived(decodeCursor(after)))) return;
    for await (const page of services.feed.followPages(viewer.organizationId, topic, after, left)) {
      for (let from = 0; from < page.length; from += together) {
        const changes = await fitting(shared, page.slice(from, from + together), member);
        const payloads = await answers(shared, changes, member, [member]);
        const written = await writtenDown(shared, payloads, [member.context]);
        if (left.aborted) return;
        send(member, written);
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
      if (!shared) return undefined;
      const left = new AbortController();
      const member: Member = { ...subscriber, shown: undefined };
      const leave = (): void => {
        left.abort();
        member.group?.members.delete(member);
        const group = member.group ?? groups.get(shared.key);
        if (group) forgetIfEmpty(group);
      };
      try {
        if (await hasBreakGlass(subscriber.context)) return undefined;
        if (shared.stream.durable && typeof shared.args.after === "string") {
          catchUp(shared, member, left.signal).catch((error: Error) => member.end(mask(error)));
          return leave;
        }
        for (;;) {
          const group = groupOf(shared, subscriber);
          await group.ready;
          if (group.ending.signal.aborted && !closing.aborted) continue; // it ended meanwhile
          if (!left.signal.aborted) enter(group, member);
          break;
        }
      } catch (error) {
        if (error instanceof VigilError) return undefined; // its arguments are at fault: refused where it is executed
        subscriber.end(mask(error)); // thrown, it would close the socket with all that runs on it
      }
      return leave;
    },
  };
}

/** Break-glass is one viewer's own: their streams show what others' do not. */
async function hasBreakGlass(context: Reader): Promise<boolean> {
  return !may(context.viewer, "phi.read") && (await mayReadPatients(context));
}
