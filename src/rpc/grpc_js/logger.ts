import { setLogger } from "@grpc/grpc-js";
import type { Report } from "../../telemetry/events.ts";

/**
 * Takes the place of grpc-js's own logger, in the whole process. That one prints to standard error, and
 * prints header values that it refuses, tokens among them (https://github.com/grpc/grpc-node/issues/1173).
 * What is kept of its messages is what comes before the first value: at most "Failed to add metadata entry NAME".
 * Its traces (GRPC_TRACE) hold whole headers and go nowhere.
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
      // Every caller can cause this one, as often as they like: the refusal of their call says it.
      const ofCaller = String(message).startsWith("Failed to add metadata entry");
      notice(ofCaller ? "debug" : "warn")(message);
    },
    info: notice("debug"),
    debug: () => {},
  });
}
