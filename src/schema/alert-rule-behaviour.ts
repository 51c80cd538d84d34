import type { Parameter } from "../detect/behaviour/behaviour-detector.ts";
import { detectorNamed } from "../detect/behaviour/detectors.ts";
import type { BehaviourBody } from "../detect/sigma/document.ts";
import { parseOnce } from "../detect/sigma/parse-once.ts";
import { AlertRule } from "./alert-rule.ts";
import { builder } from "./builder.ts";

interface Valued {
  name: string;
  parameter: Parameter;
  value: Parameter["default"];
}

const ParameterType = builder.objectRef<Valued>("BehaviourParameter").implement({
  description: "A parameter of a behaviour rule. alertRuleUpdate sets it.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "As the rule's document has it, e.g. `maxSpeedKmh`." }),
    value: t.field({
      type: "JSON",
      description: "What the rule goes by: a number, true or false, or a list of texts.",
      resolve: ({ value }) => value,
    }),
    default: t.field({
      type: "JSON",
      description: "What it is unless the rule says otherwise.",
      resolve: ({ parameter }) => parameter.default,
    }),
    min: t.float({ nullable: true, description: "The least it may be.", resolve: ({ parameter }) => parameter.min }),
    max: t.float({ nullable: true, description: "The most it may be.", resolve: ({ parameter }) => parameter.max }),
    description: t.string({
      description: "What it is, with its unit.",
      resolve: ({ parameter }) => parameter.description,
    }),
  }),
});

function behaviourOf({ yaml }: { yaml: string }): BehaviourBody | undefined {
  const [document] = parseOnce(yaml).documents;
  return document?.kind === "BEHAVIOUR" ? document.body : undefined;
}

builder.prismaObjectFields(AlertRule, (t) => ({
  detector: t.string({
    nullable: true,
    description: "Of a behaviour rule: what judges, e.g. `impossible_travel`.",
    select: { yaml: true },
    resolve: (rule) => behaviourOf(rule)?.detector,
  }),
  learning: t.string({
    nullable: true,
    description: "Of a behaviour rule: how long it learns, and what it does before it has learned.",
    select: { yaml: true },
    resolve: (rule) => detectorNamed(behaviourOf(rule)?.detector ?? "")?.learning,
  }),
  parameters: t.field({
    type: [ParameterType],
    description: "Of a behaviour rule: all that can be set of it. Empty for others.",
    select: { yaml: true },
    resolve: (rule): Valued[] => {
      const body = behaviourOf(rule);
      const parameters = Object.entries(detectorNamed(body?.detector ?? "")?.parameters ?? {});
      return parameters.map(([name, parameter]) => ({
        name,
        parameter,
        value: body?.parameters[name] ?? parameter.default,
      }));
    },
  }),
}));
