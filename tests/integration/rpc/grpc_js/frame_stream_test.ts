import assert from "node:assert/strict";
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import {
  LogMetadataServiceService,
  type LogRecord,
  LogRecord as LogRecordType,
  LogRecordsServiceClient,
  LogRecordsServiceService,
} from "../../../../src/generated/cluster_agent.ts";
import { innermostCall } from "../../../../src/rpc/grpc_js/call_stream.ts";
import {
  type FrameSink,
  frameSink,
  MessageSink,
  type RecordsCall,
} from "../../../../src/rpc/grpc_js/frame_stream.ts";
import { request } from "../../../harness/calls.ts";

/** Fires when the client cancels, like the signal of a running call. */
function cancellation(call: RecordsCall): AbortSignal {
  const controller = new AbortController();
  call.once("cancelled", () => controller.abort());
  return controller.signal;
}

const never = new AbortController().signal;

const sinks: readonly [string, (call: RecordsCall, signal?: AbortSignal) => FrameSink][] = [
  ["on the HTTP/2 stream", (call, signal = cancellation(call)) => frameSink(call, signal)],
  ["as messages", (call, signal = cancellation(call)) => new MessageSink(call, signal)],
];

/** A server whose StreamForward is the handler, and a client for it. */
async function serveRecords(handler: (call: RecordsCall) => Promise<void>) {
  const server = new Server();
  server.addService(LogRecordsServiceService, { streamForward: handler });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(
      "127.0.0.1:0",
      ServerCredentials.createInsecure(),
      (error, port) => error ? reject(error) : resolve(port),
    )
  );
  const client = new LogRecordsServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
  return {
    client,
    [Symbol.dispose]() {
      client.close();
      server.forceShutdown();
    },
  };
}

function record(n: number, size: number): LogRecord {
  return {
    timestamp: { seconds: BigInt(n), nanos: n },
    message: String(n).padEnd(size, "."),
    is_final: n % 2 === 0,
  };
}

function framesOf(records: readonly LogRecord[]): Uint8Array {
  return Buffer.concat(records.map((record) => {
    const message = LogRecordType.encode(record).finish();
    const header = Buffer.alloc(5);
    header.writeUInt32BE(message.length, 1);
    return Buffer.concat([header, message]);
  }));
}

Deno.test("frames: the HTTP/2 stream is found in this version of grpc-js", async () => {
  const found = Promise.withResolvers<boolean>();
  using served = await serveRecords((call) => {
    found.resolve(innermostCall(call) !== null);
    call.end();
    return Promise.resolve();
  });
  served.client.streamForward(request()).resume();
  assert.ok(await found.promise);
});

Deno.test("frames: if grpc-js has changed, the fallback is used", () => {
  assert.equal(innermostCall({ call: { nextCall: { somethingElse: {} } } }), null);
  assert.equal(innermostCall({}), null);
  assert.ok(frameSink({} as RecordsCall, never) instanceof MessageSink);
});

for (const [way, makeSink] of sinks) {
  Deno.test(`frames ${way}: every record arrives once, in order, and then OK`, async () => {
    const sent = Array.from({ length: 5000 }, (_, n) => record(n, n % 300));
    using served = await serveRecords(async (call) => {
      const sink = makeSink(call);
      for (let i = 0; i < sent.length; i += 700) {
        assert.ok(await sink.write(framesOf(sent.slice(i, i + 700))));
      }
      call.end();
    });
    const received: LogRecord[] = [];
    for await (const record of served.client.streamForward(request())) received.push(record);
    assert.deepEqual(received, sent);
  });

  Deno.test(`frames ${way}: an error after records is the call's status`, async () => {
    using served = await serveRecords(async (call) => {
      await makeSink(call).write(framesOf([record(1, 10)]));
      call.emit("error", { code: 8, details: "enough" });
    });
    const received: LogRecord[] = [];
    await assert.rejects(async () => {
      for await (const record of served.client.streamForward(request())) received.push(record);
    }, { code: 8, details: "enough" });
    assert.equal(received.length, 1);
  });

  Deno.test(`frames ${way}: a client that does not read holds the writer up`, async () => {
    const batch = framesOf(Array.from({ length: 64 }, (_, n) => record(n, 4000)));
    let written = 0;
    const held = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<boolean>();
    using served = await serveRecords(async (call) => {
      const sink = makeSink(call);
      for (;;) {
        const write = sink.write(batch);
        let done = false;
        write.then(() => done = true);
        // Whatever can be written at once is written within a few turns of the event loop.
        for (let turn = 0; turn < 50 && !done; turn++) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        if (!done) held.resolve();
        if (!await write) return gone.resolve(true);
        written += batch.length;
        if (written > 64 * batch.length) return gone.resolve(false);
      }
    });
    const call = served.client.streamForward(request());
    call.on("error", () => {});
    call.once("metadata", () => call.pause());
    await held.promise;
    assert.ok(written < 16 * batch.length, `${written} bytes went to a client that reads nothing`);
    call.cancel();
    assert.equal(await gone.promise, true, "the writer learns that the client is gone");
  });
}

for (const [way, makeSink] of sinks) {
  Deno.test(`frames ${way}: a call that must stop does not wait for a client that reads nothing`, async () => {
    const batch = () => framesOf(Array.from({ length: 64 }, (_, n) => record(n, 4000)));
    const stop = new AbortController();
    const held = Promise.withResolvers<void>();
    const letGo = Promise.withResolvers<void>();
    using served = await serveRecords(async (call) => {
      const sink = makeSink(call, stop.signal);
      for (let going = true; going;) {
        const write = sink.write(batch());
        let done = false;
        write.then(() => done = true);
        for (let turn = 0; turn < 50 && !done; turn++) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        if (!done) held.resolve();
        going = await write;
      }
      letGo.resolve();
    });
    const call = served.client.streamForward(request());
    call.on("error", () => {});
    call.once("metadata", () => call.pause());
    await held.promise;
    stop.abort();
    await letGo.promise;
    call.cancel();
  });
}

Deno.test("frames: services of the contract keep their paths", () => {
  assert.equal(LogMetadataServiceService.list.path, "/cluster_agent.LogMetadataService/List");
  assert.equal(
    LogRecordsServiceService.streamBackward.path,
    "/cluster_agent.LogRecordsService/StreamBackward",
  );
});
