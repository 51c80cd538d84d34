import { variableTypes } from "../config.ts";

/** A default as one would set it. */
const written = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? Object.entries(value)
        .map(([name, one]) => `${name}=${one}`)
        .join(",")
    : String(value);

export interface ConfigVariable {
  name: string;
  /** What it is where it is not set. */
  fallback: string | undefined;
}

/** Every variable there is, for the reference. */
export const configVariables: readonly ConfigVariable[] = Object.entries(variableTypes).map(([name, type]) => {
  const { defaultValue } = type.def as { defaultValue?: unknown };
  const fallback = defaultValue === undefined || Array.isArray(defaultValue) ? undefined : written(defaultValue);
  return { name, fallback };
});

/** docs/configuration.md, from the schema of the configuration and what `.env.example` says of each variable. */
export function configurationPage(variables: readonly ConfigVariable[], example: string): string {
  const told = wordsOf(example);
  const parts = variables.map(({ name, fallback }) => {
    const words = told.get(name);
    if (words === undefined) throw new Error(`.env.example says nothing of ${name}`);
    const value = fallback === undefined ? "Absent unless set." : `Default: \`${fallback}\`.`;
    return `## ${name}\n\n${value}${words === "" ? "" : `\n\n${words}`}`;
  });
  return `# Configuration

Written from \`src/config.ts\` and \`.env.example\` by \`npm run schema\`; do not edit. Everything is an environment variable,
read once when Vigil starts; every fault is listed together, and then it ends with 1. An empty variable counts as absent.

${parts.join("\n\n")}
`;
}

/** What the comments above each variable say. Variables below one comment share it. */
function wordsOf(example: string): Map<string, string> {
  const found = new Map<string, string>();
  let words: string[] = [];
  let isBehindVariable = false;
  for (const line of example.split("\n")) {
    const name = /^# ([A-Z][A-Z0-9_]+)=/.exec(line)?.[1];
    if (name) {
      found.set(name, words.join(" "));
      isBehindVariable = true;
    } else if (line.startsWith("#")) {
      if (isBehindVariable) words = [];
      isBehindVariable = false;
      words.push(line.slice(1).trim());
    } else {
      words = [];
      isBehindVariable = false;
    }
  }
  return found;
}
