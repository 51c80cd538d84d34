/** Keeps traces and sends them by OTLP over HTTP, where the environment says to (OTEL_EXPORTER_OTLP_ENDPOINT). */
import type { Log } from "./log.ts";
import { setTracing } from "./tracing.ts";

export interface Tracing {
  /** Sends what is kept; resolves in any case. */
  close(): Promise<void>;
}

/**
 * Starts the SDK, which is loaded only then. It reads the variables of OpenTelemetry by itself: OTEL_SERVICE_NAME (default:
 * vigil), OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
 */
export async function startTracing(endpoint: string | undefined, log: Log): Promise<Tracing> {
  if (endpoint === undefined) return { close: async () => undefined };
  const [{ diag, DiagLogLevel }, sdk, { OTLPTraceExporter }, { detectResources, envDetector, resourceFromAttributes }] =
    await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/sdk-trace-node"),
      import("@opentelemetry/exporter-trace-otlp-http"),
      import("@opentelemetry/resources"),
    ]);
  const warn = (message: string): void => log.warn({ message: message.slice(0, 500) }, "traces are not sent");
  const silent = (): void => undefined;
  diag.setLogger({ error: warn, warn, info: silent, debug: silent, verbose: silent }, DiagLogLevel.WARN);
  const named = resourceFromAttributes({ "service.name": "vigil" });
  const provider = new sdk.NodeTracerProvider({
    resource: named.merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new sdk.BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  setTracing(true);
  return {
    async close() {
      setTracing(false);
      await provider.shutdown().catch((error: Error) => warn(error.message));
    },
  };
}
