import assert from "node:assert/strict";
import { constants } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import {
  type Http2Source,
  judgeStreams,
  onHttp2Server,
  resetStream,
} from "../../../../src/rpc/grpc_js/http2_servers.ts";
import { FakeGrpcServer, FakeStream, turns } from "../../../harness/fake_http2.ts";

Deno.test("http2 servers: each one is reported before grpc-js listens to it", () => {
  const fake = new FakeGrpcServer();
  const told: [Http2Source, number][] = [];
  onHttp2Server(
    fake.server,
    (source) => told.push([source, fake.source.listenerCount("stream")]),
  );
  fake.bind();
  assert.deepEqual(told, [[fake.source as unknown as Http2Source, 0]]);
  assert.equal(fake.source.listenerCount("stream"), 1);
});

Deno.test("http2 servers: grpc-js gets only the streams that the judge accepts, after all other listeners", () => {
  const fake = new FakeGrpcServer();
  const order: string[] = [];
  judgeStreams(fake.server, (_stream, headers) => {
    order.push("judge");
    return headers[":path"] === "/good";
  });
  onHttp2Server(fake.server, (source) => source.on("stream", () => order.push("listener")));
  fake.bind();
  const [good, bad] = [new FakeStream(), new FakeStream()];
  fake.source.emit("stream", bad, { ":path": "/bad" }, 0, []);
  fake.source.emit("stream", good, { ":path": "/good" }, 0, []);
  assert.deepEqual(fake.given, [good]);
  assert.deepEqual(order, ["listener", "judge", "listener", "judge"]);
});

Deno.test("http2 servers: a version of grpc-js that shows none of them is not served with", () => {
  const other = {} as Server;
  assert.throws(() => onHttp2Server(other, () => {}), /does not show its HTTP\/2 servers/);
  assert.throws(() => judgeStreams(other, () => true), /does not show its HTTP\/2 servers/);
});

Deno.test("http2 servers: a stream that is reset is told so, and destroyed though it does not close", async () => {
  const stream = new FakeStream();
  resetStream(stream);
  assert.equal(stream.resetWith, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  assert.equal(stream.destroyed, false, "not within a callback of the library");
  await turns();
  assert.equal(stream.destroyed, true);
});
