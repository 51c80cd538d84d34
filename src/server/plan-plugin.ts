/** Answers queries that have a plan (plan.ts) by one statement, of the viewer's organization, within the same deadline. */
import { createHash } from "node:crypto";
import type { Plugin } from "@envelop/core";
import { formatPrismaCursor, parsePrismaCursor } from "@pothos/plugin-prisma";
import { type ExecutionArgs, type ExecutionResult, getArgumentValues, getVariableValues } from "graphql";
import { lacksSecondFactor, may } from "../access/permissions.ts";
import { VigilError } from "../errors.ts";
import type { Context } from "../schema/context.ts";
import type { Asked } from "../schema/list.ts";
import { createNames } from "../statement-names.ts";
import { forwardPage, guarded, type PageInfoKeys, type Plan, planOf } from "./plan.ts";

type Row = Readonly<Record<string, unknown>> & { id: string; node: object; guards?: boolean };

/** Stands before plugins that wrap the execution. */
export function planPlugin(): Plugin<Context> {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const plan = planOf(args.schema, args.document, args.operationName ?? "");
      const { contextValue: context } = args;
      const { viewer } = context;
      if (!plan || !viewer) return;
      for (const permission of plan.permissions) {
        if (!may(viewer, permission) || lacksSecondFactor(viewer, permission)) return; // refused field by field
      }
      setExecuteFn(async (given: ExecutionArgs) => {
        try {
          const answer = await follow(plan, given, context, viewer.organizationId);
          if (answer) return answer;
        } catch (error) {
          // What the sender did wrong is told with its place by whoever resolves the field.
          if (!(error instanceof VigilError)) context.services.log.warn({ err: error }, "a planned query failed");
        }
        return executeFn(given) as ExecutionResult | Promise<ExecutionResult>;
      });
    },
  };
}

async function follow(
  plan: Plan,
  { schema, variableValues }: ExecutionArgs,
  context: Context,
  organizationId: string,
): Promise<ExecutionResult | undefined> {
  const { coerced } = getVariableValues(schema, plan.variableDefinitions, variableValues ?? {});
  if (!coerced) return undefined;
  const args = getArgumentValues(plan.field, plan.node, coerced);
  const [first, row] = [forwardPage(args), plan.row(coerced)];
  const cursor = args.after == null ? undefined : cursorOf(args.after);
  if (first === undefined || row === undefined || cursor === null) return undefined;
  const isInfoAsked = plan.keys.some(({ what }) => typeof what !== "string");
  const take = isInfoAsked ? first + 1 : first;
  const page = await plan.list.statementOf(context, args as Asked, { take, ...(cursor ? { cursor } : {}) });
  const from = `FROM (SELECT id, row_number() OVER () AS place FROM (${page.text}) ids) p
    JOIN ${plan.list.table} t0 ON t0.organization_id = $1 AND t0.id = p.id`;
  const text = plan.isGuarded
    ? `SELECT id, node, strpos(node::text, '${guarded}') > 0 AS guards
        FROM (SELECT t0.id, p.place, ${row} AS node ${from} OFFSET 0) answers ORDER BY place`
    : `SELECT t0.id, ${row} AS node ${from} ORDER BY p.place`;
  // With a filter or a cursor, PostgreSQL plans for the values at hand.
  const name = page.values.length === 1 ? nameOf(text) : undefined;
  const isCounted = plan.keys.some(({ what }) => what === "totalCount");
  const [{ rows }, total] = await Promise.all([
    context.services.db.query<Row>(organizationId, { text, name, values: page.values } as never),
    isCounted ? plan.list.count(context, (args as Asked).filter) : undefined,
  ]);
  if (rows.some(({ guards }) => guards)) return undefined; // withheld, or noted for the audit log, by whoever resolves the field
  if (cursor && rows.length === 0) return undefined; // list.ts finds out whether the cursor's row is gone
  const shown = rows.slice(0, first);
  const ends = { organizationId, first, rows, shown, isLater: cursor !== undefined };
  const answers = plan.keys.map(({ key, what }) => {
    if (what === "nodes") return [key, shown.map(({ node }) => node)];
    if (what === "totalCount") return [key, total];
    return [key, what === "__typename" ? plan.type : pageInfo(what, ends)];
  });
  const topKey = plan.node.alias?.value ?? plan.node.name.value;
  return { data: { [topKey]: Object.fromEntries(answers) } };
}

interface Ends {
  organizationId: string;
  first: number;
  rows: readonly Row[];
  shown: readonly Row[];
  isLater: boolean;
}

function pageInfo(keys: PageInfoKeys, { organizationId, first, rows, shown, isLater }: Ends): object {
  const mark = (row: Row | undefined): string | null =>
    row ? formatPrismaCursor({ organizationId, id: row.id }, ["organizationId", "id"]) : null;
  const values: Record<string, unknown> = {
    __typename: "PageInfo",
    hasNextPage: rows.length > first,
    hasPreviousPage: isLater,
    startCursor: mark(shown[0]),
    endCursor: mark(shown.at(-1)),
  };
  return Object.fromEntries(keys.map(({ key, name }) => [key, values[name]]));
}

/** What list.ts goes on from; null: this is no cursor. */
function cursorOf(after: unknown): { organizationId_id: { id: string } } | null {
  try {
    const parts = parsePrismaCursor(after);
    if (!Array.isArray(parts) || parts.length !== 2 || typeof parts[1] !== "string") return null;
    return { organizationId_id: { id: parts[1] } };
  } catch {
    return null;
  }
}

const mostNames = 200; // prepared statements that a connection holds for this
const nameOf = createNames(
  (text: string) => `plan_${createHash("sha256").update(text).digest("hex").slice(0, 32)}`,
  mostNames,
);
