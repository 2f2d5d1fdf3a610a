import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import * as grpc from "@grpc/grpc-js";
import { CallError, explained, fromEach, readStream } from "../../../src/client/agent_calls.ts";
import type { Connection } from "../../../src/client/agent_connection.ts";

/** A call whose messages and end come from the test. */
class FakeCall extends EventEmitter {
  cancelled = 0;
  cancel(): void {
    this.cancelled++;
  }
  /** As grpc-js does at the end of a call. */
  ends(code: grpc.status, details = ""): void {
    if (code === grpc.status.OK) this.emit("end");
    else {
      this.emit("end");
      this.emit("error", Object.assign(new Error(details), { code }));
    }
    this.emit("status", { code, details, metadata: new grpc.Metadata() });
  }
}

function reading(onMessage: (message: number) => boolean = () => true) {
  const call = new FakeCall();
  const seen: (number | "pause")[] = [];
  const cancel = new AbortController();
  const ending = readStream<number>(call as never, "read it", {
    onMessage: (message) => {
      seen.push(message);
      return onMessage(message);
    },
    onPause: () => seen.push("pause"),
  }, { signal: cancel.signal });
  ending.catch(() => {});
  return { call, seen, ending, cancel };
}

Deno.test("a stream is read to its end; a pause is reported once for messages that arrived together", async () => {
  const { call, seen, ending } = reading();
  call.emit("data", 1);
  call.emit("data", 2);
  await new Promise((resolve) => setTimeout(resolve));
  call.emit("data", 3);
  call.ends(grpc.status.OK);
  assert.equal(await ending, "complete");
  assert.deepEqual(seen, [1, 2, "pause", 3, "pause"]);
});

Deno.test("messages that come after the status are read all the same", async () => {
  const { call, seen, ending } = reading();
  call.emit("status", { code: grpc.status.OK, details: "" });
  call.emit("data", 1);
  call.emit("end");
  assert.equal(await ending, "complete");
  assert.deepEqual(seen, [1, "pause"]);
});

Deno.test("a reader that has enough, and a signal, cancel the call", async () => {
  const enough = reading((message) => message < 2);
  enough.call.emit("data", 1);
  enough.call.emit("data", 2);
  enough.call.emit("data", 3);
  assert.equal(await enough.ending, "enough");
  assert.deepEqual(enough.seen, [1, 2, "pause"]);
  assert.equal(enough.call.cancelled, 1);
  const interrupted = reading();
  interrupted.cancel.abort();
  assert.equal(await interrupted.ending, "interrupted");
  assert.equal(interrupted.call.cancelled, 1);
});

Deno.test("an error thrown by the reader ends the call and is rethrown", async () => {
  const { call, ending } = reading(() => {
    throw new RangeError("the output is gone");
  });
  call.emit("data", 1);
  await assert.rejects(ending, RangeError);
  assert.equal(call.cancelled, 1);
});

Deno.test("an error names the operation, whether it had begun, and what may help", async () => {
  const before = reading();
  before.call.ends(grpc.status.UNAUTHENTICATED, "missing user header");
  await assert.rejects(
    before.ending,
    (error) =>
      error instanceof CallError && error.code === "UNAUTHENTICATED" && !error.begun &&
      /^Cannot read it: UNAUTHENTICATED: missing user header\. Give --user NAME/.test(
        error.message,
      ),
  );
  const amid = reading();
  amid.call.emit("data", 1);
  amid.call.ends(grpc.status.UNAVAILABLE, "Server is shutting down");
  await assert.rejects(amid.ending, {
    message: "Cannot continue to read it: UNAVAILABLE: Server is shutting down",
  });
});

Deno.test("only an agent that could not be reached is examined; any other error explains itself", async () => {
  const connection = {} as Connection; // None of it is used.
  const denied = new CallError("list", { code: grpc.status.PERMISSION_DENIED, details: "" });
  const amid = new CallError("list", { code: grpc.status.UNAVAILABLE, details: "" }, {
    begun: true,
  });
  for (const error of [denied, amid, new RangeError("x")]) {
    assert.equal(await explained(error, connection), error);
  }
});

Deno.test("one agent that fails keeps none of the others from answering", async () => {
  const all = ["a", "b", "c"].map((address) => ({ address }) as Connection);
  const { answers, errors, answered } = await fromEach(
    all,
    ({ address }) =>
      address === "b" ? Promise.reject(new Error(address)) : Promise.resolve(address),
  );
  assert.deepEqual(answers, ["a", "c"]);
  assert.deepEqual(errors.map((error) => (error as Error).message), ["b"]);
  assert.deepEqual(answered, [all[0], all[2]]);
});
