import type { ClauseTrace, ConditionPart, SelectionTrace } from "../detect/trace.ts";
import type { TracedEvent } from "../detect/trace-events.ts";
import { builder } from "./builder.ts";

const ClauseType = builder.objectRef<ClauseTrace>("RuleTraceClause").implement({
  description: "One line of a selection: a field, what is wanted of it, and what the event has.",
  fields: (t) => ({
    alternative: t.exposeInt("alternative", {
      description: "Which of the selection's alternatives it belongs to, from 0. One alternative that holds is enough.",
    }),
    field: t.exposeString("field", { nullable: true, description: "Null: keywords, looked for in the whole event." }),
    matched: t.exposeBoolean("matched", { description: "Whether it holds." }),
    found: t.exposeString("found", {
      nullable: true,
      description:
        "What the event has there; null: the field is absent. A patient's data reads `[withheld]` to others.",
    }),
    isWithheld: t.exposeBoolean("isWithheld", { description: "Whether what was found is kept from you." }),
    wanted: t.exposeString("wanted", { description: "What the rule asks for, in words." }),
    message: t.exposeString("message", { description: "All of it in a sentence." }),
  }),
});

const SelectionType = builder.objectRef<SelectionTrace>("RuleTraceSelection").implement({
  description: "One selection of a rule, judged for one event.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Its name." }),
    matched: t.exposeBoolean("matched", { description: "Whether it holds." }),
    clauses: t.field({ type: [ClauseType], description: "Its lines.", resolve: ({ clauses }) => clauses }),
  }),
});

const PartType = builder.objectRef<ConditionPart>("RuleTraceCondition").implement({
  description: "A part of a rule's condition, judged for one event.",
  fields: (t) => ({
    text: t.exposeString("text", { description: "The part, with `1 of` and `all of` written out." }),
    matched: t.exposeBoolean("matched", { description: "Whether it holds." }),
    depth: t.exposeInt("depth", { description: "How deep it lies in the whole condition, from 0." }),
  }),
});

/** Why one rule matches one event, or does not. */
export const TracedEventType = builder.objectRef<TracedEvent>("RuleTrace").implement({
  description: "Why a detection rule matches an event, or why it does not.",
  fields: (t) => ({
    index: t.exposeInt("index", { description: "The event's place among those that were sent, from 0." }),
    ruleName: t.exposeString("ruleName", { description: "The detection rule: a tried one, or one that it counts." }),
    matched: t.exposeBoolean("matched", { description: "Whether the rule matches the event." }),
    isSeen: t.exposeBoolean("isSeen", {
      description: "Whether the event is of the rule's logsource; the rule never looks at any other.",
    }),
    selections: t.field({ type: [SelectionType], description: "Its selections.", resolve: (it) => it.selections }),
    condition: t.field({
      type: [PartType],
      description: "Its condition: first the whole, then its parts, each before its own.",
      resolve: ({ condition }) => condition,
    }),
  }),
});
