import process from "node:process";
import { thrownText } from "../failure/thrown_text.ts";
import type { Report } from "../telemetry/events.ts";

/**
 * Handles errors that nothing else handled: they are logged and counted, and the process keeps running. Every call has
 * an owner that ends it for any error in its work, so errors that arrive here belong to no call, or to a callback of a
 * library. Ending the process would end everybody's streams, and a caller who can cause such an error could do so
 * repeatedly (docs/decisions/0012-uncaught-errors.md). Disposing of the result restores the platform's default.
 */
export function reportUncaughtErrors(report: Report): Disposable {
  const onException = (error: unknown) => report(eventOf("exception", error));
  const onRejection = (reason: unknown) => report(eventOf("rejection", reason));
  process.on("uncaughtException", onException);
  process.on("unhandledRejection", onRejection);
  return {
    [Symbol.dispose]() {
      process.off("uncaughtException", onException);
      process.off("unhandledRejection", onRejection);
    },
  };
}

function eventOf(kind: "exception" | "rejection", thrown: unknown) {
  const error = thrownText(thrown);
  // Only the first frame: the text before it repeats the message.
  const at = thrown instanceof Error
    ? /^\s+at .*$/m.exec(thrown.stack ?? "")?.[0].trim()
    : undefined;
  return { type: "uncaught-error", kind, error, at: at ?? "unknown" } as const;
}
