import { setLogger } from "@grpc/grpc-js";
import type { Report } from "../../telemetry/events.ts";

/**
 * Replaces grpc-js's own logger in the whole process. That one prints to standard error, including header values that
 * it rejects, tokens among them (https://github.com/grpc/grpc-node/issues/1173). Only the part of its messages before
 * the first value is kept: at most "Failed to add metadata entry NAME". Its traces (GRPC_TRACE) contain whole headers
 * and are discarded.
 */
export function replaceLogger(report: Report): void {
  const notice = (level: "debug" | "warn") => (message?: unknown) => {
    const [about = ""] = String(message).split(/[:=({[]/, 1);
    report({
      type: "notice",
      level,
      text: "the gRPC library reports a problem",
      fields: { about: about.trim() },
    });
  };
  setLogger({
    error: (message?: unknown) => {
      // Every caller can cause this one, as often as they like, and the refusal of their call reports it.
      const ofCaller = String(message).startsWith("Failed to add metadata entry");
      notice(ofCaller ? "debug" : "warn")(message);
    },
    info: notice("debug"),
    debug: () => {},
  });
}
