/**
 * Traces of what goes through Vigil, by the OpenTelemetry API: from a request over its batch, detection and incident to the
 * alert. Nothing is done where no SDK runs (tracing-sdk.ts). No name or attribute tells what events, rules or people are.
 */
import {
  type Attributes,
  type Context,
  context,
  defaultTextMapGetter,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";

export { SpanKind } from "@opentelemetry/api";

/** A `traceparent` of W3C Trace Context: `00-<trace 32>-<span 16>-<flags 2>`. */
export type Traceparent = string;

interface SpanOptions {
  kind?: SpanKind;
  attributes?: Attributes;
  /** What it came from, where that is not what is under way here: it goes on in the first's trace, linked to the others'. */
  from?: readonly (Traceparent | undefined)[];
}

const tracer = trace.getTracer("vigil");
let isRunning = false;

/** Said by whoever starts and stops the SDK. */
export function setTracing(running: boolean): void {
  isRunning = running;
}

/** Whether anybody keeps traces: what is needed only for them may be left out otherwise. */
export const isTracing = (): boolean => isRunning;

/** Does the work within a span, which ends with it; an error marks it, by its kind alone. */
export function inSpan<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  if (!isRunning) return work();
  const { kind, attributes, from: [parent, ...links] = [] } = options;
  const spanOptions = {
    ...(kind === undefined ? {} : { kind }),
    ...(attributes ? { attributes } : {}),
    links: links.flatMap(linkOf),
  };
  const before = parent === undefined ? context.active() : contextOf(parent);
  return tracer.startActiveSpan(name, spanOptions, before, async (span) => {
    try {
      return await work();
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      span.setAttribute("error.type", typeof code === "string" ? code : ((error as Error)?.name ?? "Error"));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Adds to what the span under way says of itself. */
export function noteInSpan(attributes: Attributes): void {
  if (isRunning) trace.getActiveSpan()?.setAttributes(attributes);
}

/** What is under way here, to go on from elsewhere; undefined: nothing that is kept. */
export function currentTrace(): Traceparent | undefined {
  if (!isRunning) return undefined;
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}

const contextOf = (traceparent: Traceparent): Context =>
  propagation.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter);

function linkOf(traceparent: Traceparent | undefined): Link[] {
  const found = traceparent === undefined ? undefined : trace.getSpanContext(contextOf(traceparent));
  return found ? [{ context: found }] : [];
}
