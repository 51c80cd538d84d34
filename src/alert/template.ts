/** An organization's own wording: Liquid templates without files, code or loops that do not end. */
import { Liquid, type Template } from "liquidjs";
import { LRUCache } from "lru-cache";
import type { Tx } from "../db.ts";
import type { AlertKind, ChannelKind } from "../generated/prisma/client.ts";
import type { Scope } from "./model.ts";
import "./template-places.ts";
import { plainText } from "./text.ts";

/** Characters of one part of a template. */
export const longestPart = 20_000;
const longestOutput = 100_000; // characters that one part gives
const mostPieces = 5_000; // of a template, counted each time they are passed
const allowedTags =
  "assign capture case if unless for break continue comment echo cycle # increment decrement raw".split(" ");
const allowedFilters =
  "escape newline_to_br strip_html abs at_least at_most ceil divided_by floor minus plus modulo times round url_encode join last first reverse sort sort_natural size map sum compact slice where uniq append prepend lstrip downcase upcase remove remove_first rstrip split strip strip_newlines squish capitalize replace replace_first truncate truncatewords array_to_sentence_string default json".split(
    " ",
  );

/** `strict` is for the check at save: then a variable that is not there is a fault. */
function engine({ html, strict }: { html: boolean; strict: boolean }): Liquid {
  const liquid = new Liquid({
    templates: {}, // nothing is read from a disk
    ownPropertyOnly: true,
    strictFilters: true,
    strictVariables: strict,
    parseLimit: longestPart,
    renderLimit: 200, // ms
    memoryLimit: 500_000,
    ...(html ? { outputEscape: "escape" as const } : {}),
  });
  for (const tag of Object.keys(liquid.tags)) if (!allowedTags.includes(tag)) delete liquid.tags[tag];
  for (const filter of Object.keys(liquid.filters)) if (!allowedFilters.includes(filter)) delete liquid.filters[filter];
  return liquid;
}

const engines = {
  text: { lenient: engine({ html: false, strict: false }), strict: engine({ html: false, strict: true }) },
  html: { lenient: engine({ html: true, strict: false }), strict: engine({ html: true, strict: true }) },
};

export interface TemplateParts {
  subject: string | null;
  body: string;
  html: string | null;
}

export interface TemplateFault {
  message: string;
  line: number | null;
  column: number | null;
}

const parsed = new LRUCache<string, Template[]>({ max: 500 });

function parse(text: string, html: boolean): Template[] {
  const key = `${html ? "html" : "text"}:${text}`;
  const known = parsed.get(key);
  if (known) return known;
  const templates = engines[html ? "html" : "text"].lenient.parse(text);
  parsed.set(key, templates);
  return templates;
}

/**
 * The names of what a part asks for from outside, e.g. `incident.subjects`; with `own` also of what it names itself, in
 * loops and assignments. Throws what the parser throws.
 */
export function variablesOf(text: string, html: boolean, own = false): string[] {
  const { lenient } = engines[html ? "html" : "text"];
  const parsed = parse(text, html);
  const segments = own ? lenient.variableSegmentsSync(parsed) : lenient.globalVariableSegmentsSync(parsed);
  return [...new Set(segments.map((path) => path.filter((part) => typeof part === "string").join(".")))];
}

/** One part; throws what the engine throws, which names places in the template. */
export function renderPart(text: string, scope: Scope, { html, strict }: { html: boolean; strict: boolean }): string {
  const { lenient, strict: strictly } = engines[html ? "html" : "text"];
  const output = (strict ? strictly : lenient).renderSync(parse(text, html), scope, {
    templateLimit: mostPieces,
  }) as string;
  if (output.length > longestOutput) throw new Error(`more than ${longestOutput} characters come of it`);
  return output;
}

/** The worded parts, or why there are none: the fault says where in the template, never with what was in the scope. */
export function renderTemplate(
  { subject, body, html }: TemplateParts,
  scope: Scope,
): { subject: string; text: string; html: string | null } | { fault: string } {
  let part = "subject";
  try {
    const line = subject === null ? "" : renderPart(subject, scope, { html: false, strict: false });
    part = "body";
    const text = plainText(renderPart(body, scope, { html: false, strict: false })).trim();
    part = "html";
    const page = html === null ? null : renderPart(html, scope, { html: true, strict: false });
    if (text === "") return { fault: "The template's body came out empty." };
    return { subject: line.trim() || (text.split("\n", 1)[0] as string), text, html: page };
  } catch (error) {
    const { line, column } = faultOf(error);
    return { fault: `The template's ${part} failed${line === null ? "" : ` at line ${line}, column ${column}`}.` };
  }
}

export function faultOf(error: unknown): TemplateFault {
  const { message, token, originalError } = error as Error & {
    token?: { getPosition?: () => [number, number] };
    originalError?: Error;
  };
  const [line, column] = token?.getPosition?.() ?? [null, null];
  if ((originalError ?? error) instanceof RangeError) return { message: "it is nested too deep", line, column };
  return { message: (originalError?.message ?? message).replace(/, line:\d+, col:\d+$/s, ""), line, column };
}

/** Reads the templates of these names, and answers which of them fits a message. Undefined: none is for its channel. */
export async function readTemplates(tx: Tx, names: readonly string[]) {
  const { rows } = names.length
    ? await tx.query<
        TemplateParts & { name: string; channelKind: ChannelKind; locale: string; alertKind: AlertKind | null }
      >({
        name: "alert_templates_named",
        text: `SELECT name, channel_kind AS "channelKind", subject, body, html, locale, alert_kind AS "alertKind"
          FROM alert_templates WHERE organization_id = $1 AND name = ANY ($2) ORDER BY id`,
        values: [tx.organizationId, names],
      })
    : { rows: [] };
  return (of: {
    templateName: string | null;
    channelKind: ChannelKind;
    locale: string;
    kind: AlertKind;
  }): TemplateParts | undefined =>
    fittest(
      rows.filter(({ name, channelKind }) => name === of.templateName && channelKind === of.channelKind),
      of,
    );
}

/** The one that fits best: by language first, then by kind of alert. */
export function fittest<One extends { locale: string; alertKind: AlertKind | null }>(
  templates: readonly One[],
  { locale, kind }: { locale: string; kind: AlertKind },
): One | undefined {
  const language = locale.split("-", 1)[0];
  const languages = [locale, language, "en"];
  const rank = (one: One): number => {
    const place = languages.indexOf(one.locale);
    if (place < 0 || (one.alertKind !== null && one.alertKind !== kind)) return Number.POSITIVE_INFINITY;
    return place * 2 + (one.alertKind === kind ? 0 : 1);
  };
  const [best] = templates.filter((one) => Number.isFinite(rank(one))).sort((one, other) => rank(one) - rank(other));
  return best;
}
