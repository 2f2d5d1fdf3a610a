import assert from "node:assert/strict";
import { experimental, logVerbosity, setLogger, setLogVerbosity } from "@grpc/grpc-js";
import { replaceLogger } from "../../../../src/rpc/grpc_js/logger.ts";
import type { AgentEvent } from "../../../../src/telemetry/events.ts";

/** The reports of what the library logs. */
function reported(verbosity: logVerbosity, message: string): AgentEvent[] {
  const events: AgentEvent[] = [];
  replaceLogger((event) => events.push(event));
  setLogVerbosity(logVerbosity.DEBUG);
  try {
    experimental.log(verbosity, message);
  } finally {
    setLogVerbosity(logVerbosity.ERROR);
    setLogger(console);
  }
  return events;
}

Deno.test("nothing after the first value of the library's messages is kept: it may be a token", () => {
  for (
    const [message, about, level] of [
      [
        "Failed to add metadata entry authorization: Bearer secret. Error: invalid",
        "Failed to add metadata entry authorization",
        "debug",
      ],
      ['Cannot do it ("secret")', "Cannot do it", "warn"],
      ["Not understood [secret]", "Not understood", "warn"],
      ["x=secret", "x", "warn"],
      ["{secret: 1}", "", "warn"],
    ] as const
  ) {
    const events = reported(logVerbosity.ERROR, message);
    assert.deepEqual(events, [{
      type: "notice",
      level,
      text: "the gRPC library reports a problem",
      fields: { about },
    }]);
  }
});

Deno.test("its information is for debugging, and its traces, which hold whole headers, go nowhere", () => {
  assert.deepEqual(
    reported(logVerbosity.INFO, "a server began").map((event) => "level" in event && event.level),
    ["debug"],
  );
  assert.deepEqual(reported(logVerbosity.DEBUG, "authorization: Bearer secret"), []);
});
