import process from "node:process";
import { env } from "../platform/process.ts";
import { type StatusName, statusNumber } from "./status_codes.ts";

/** The span of one call. */
export interface CallSpan {
  /** @param code gRPC status name, such as OK */
  end(code: string): void;
}

/**
 * Starts the span of a call.
 *
 * @param method Service/Method
 * @param traceparent the caller's metadata of that name (W3C Trace Context); undefined: starts a new trace
 */
export type StartCallSpan = (method: string, traceparent: string | undefined) => CallSpan;

const noSpan: CallSpan = { end: () => {} };

/** Starts no spans. */
export const noTraces: StartCallSpan = () => noSpan;

/**
 * Traces through Deno's own OpenTelemetry exporter, which OTEL_DENO=true turns on and the OTEL_* variables configure.
 * If it is off, nothing is loaded.
 */
export async function loadTraces(options: { readonly version: string }): Promise<StartCallSpan> {
  const wanted = env("OTEL_DENO");
  if ((wanted !== "true" && wanted !== "1") || process.versions["deno"] === undefined) {
    return noTraces;
  }
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = await import("@opentelemetry/api");
  const tracer = trace.getTracer("kubetail-cluster-agent", options.version);

  return (method, traceparent) => {
    const caller = traceparent === undefined ? null : parseTraceparent(traceparent);
    const parent = caller === null
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, { ...caller, isRemote: true });
    const [service = "", name = ""] = method.split("/");
    // Names from the semantic conventions for RPC (OpenTelemetry specification).
    const span = tracer.startSpan(method, {
      kind: SpanKind.SERVER,
      attributes: { "rpc.system": "grpc", "rpc.service": service, "rpc.method": name },
    }, parent);
    return {
      end(code) {
        const number = statusNumber(code);
        if (number !== undefined) span.setAttribute("rpc.grpc.status_code", number);
        if (serverErrors.has(code)) span.setStatus({ code: SpanStatusCode.ERROR, message: code });
        span.end();
      },
    };
  };
}

/** The codes that the conventions count as server errors; the others are the callers'. */
const serverErrors: ReadonlySet<string> = new Set<StatusName>([
  "UNKNOWN",
  "DEADLINE_EXCEEDED",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
]);

/**
 * Parses `00-{trace id}-{parent id}-{flags}` ("Trace Context", W3C). Later versions may add parts at the end; ids of
 * zeros and version ff are invalid. Null if the text is invalid.
 */
export function parseTraceparent(
  text: string,
): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number } | null {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(
    text.trim(),
  );
  if (match === null) return null;
  const [, version = "", traceId = "", spanId = "", flags = "", more] = match;
  if (version === "ff" || (version === "00" && more !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}
