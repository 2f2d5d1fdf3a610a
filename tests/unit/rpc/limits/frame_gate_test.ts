import assert from "node:assert/strict";
import { FrameGate } from "../../../../src/rpc/limits/frame_gate.ts";
import {
  callHeaders,
  frame,
  headerBlock,
  headersFrame,
  repeatedHeader,
} from "../../../harness/raw_http2.ts";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const limits = {
  headers: { bytes: 10_000, pairs: 100 },
  requestBytes: 1000,
  unfinishedBytes: 1500,
  unfinishedRequests: 3,
};
const call = callHeaders("/a/b");

function gateAfterPreface(now = () => 0): FrameGate {
  const gate = new FrameGate(limits, now);
  gate.receive(preface);
  return gate;
}

function passed(gate: FrameGate, ...chunks: Uint8Array[]): Buffer {
  return Buffer.concat(chunks.flatMap((chunk) => gate.receive(chunk).map(({ bytes }) => bytes)));
}

Deno.test("frame gate: what is within limits passes whole and in order, however it is cut", () => {
  const sent = Buffer.concat([
    preface,
    frame(4, 0, 0),
    headersFrame(1, Buffer.concat([call, repeatedHeader("a", "b".repeat(60), 20)])),
    frame(0, 1, 1, Buffer.alloc(900)),
    frame(8, 0, 0, Buffer.alloc(4)),
    frame(1, 1, 3, call.subarray(0, 10)),
    frame(9, 4, 3, call.subarray(10)),
    frame(6, 0, 0, Buffer.alloc(8)),
  ]);
  for (const size of [1, 7, 100, sent.length]) {
    const gate = new FrameGate(limits, () => 0);
    const chunks: Buffer[] = [];
    for (let at = 0; at < sent.length; at += size) chunks.push(sent.subarray(at, at + size));
    assert.deepEqual(passed(gate, ...chunks), sent, `in chunks of ${size}`);
    assert.equal(gate.offense, null);
    assert.equal(gate.incompleteSince, null);
    assert.deepEqual(gate.unfinished, []);
    assert.equal(gate.takeReplies(), 2);
  }
});

Deno.test("frame gate: nothing of an offending chunk passes, and nothing after it", () => {
  const bomb = Buffer.concat([call, repeatedHeader("a", "b".repeat(3000), 50)]);
  const cases: [string, string | null, Buffer[]][] = [
    ["a header bomb", "header-bytes", [headersFrame(1, bomb)]],
    ["too many pairs", "header-bytes", [headersFrame(1, Buffer.alloc(101, 0x82))]],
    ["a header block without end", "header-bytes", [
      frame(1, 0, 1, call),
      ...Array.from({ length: 70 }, () => frame(9, 0, 1)),
    ]],
    ["a large request", "request-bytes", [
      headersFrame(1, call),
      frame(0, 1, 1, Buffer.alloc(1001)),
    ]],
    ["large unfinished requests", "request-bytes", [
      headersFrame(1, call),
      frame(0, 0, 1, Buffer.alloc(900)),
      headersFrame(3, call),
      frame(0, 0, 3, Buffer.alloc(900)),
    ]],
    ["many unfinished requests", "request-time", [1, 3, 5, 7].map((id) => headersFrame(id, call))],
    ["a large frame", "frames", [frame(0, 0, 1, Buffer.alloc(16_385))]],
    ["another frame within a header block", null, [
      frame(1, 0, 1, call),
      frame(6, 0, 0, Buffer.alloc(8)),
    ]],
    ["CONTINUATION of nothing", null, [frame(9, 4, 1, call)]],
    ["padding that exceeds the frame", null, [frame(1, 0xc, 1, Buffer.of(200, 0x82))]],
  ];
  for (const [name, limit, frames] of cases) {
    const gate = gateAfterPreface();
    assert.deepEqual(passed(gate, Buffer.concat(frames)), Buffer.alloc(0), name);
    assert.equal(gate.offense?.limit, limit, name);
    assert.deepEqual(gate.receive(frame(6, 0, 0, Buffer.alloc(8))), [], name);
  }
  const other = new FrameGate(limits, () => 0);
  other.receive(Buffer.from("GET / HTTP/1.1\r\n"));
  assert.notEqual(other.offense, null);
});

Deno.test("frame gate: trailers that come together with a call's headers do not count in their place", () => {
  const gate = gateAfterPreface();
  const trailers = frame(1, 5, 1, headerBlock([["a", "b"]]));
  gate.receive(Buffer.concat([headersFrame(1, call), frame(0, 0, 1), trailers]));
  assert.equal(gate.takeHeaderSize(1).pairs, 6);
});

Deno.test("frame gate: unfinished requests and frames have a beginning, and streams that close are forgotten", () => {
  let now = 5;
  const gate = gateAfterPreface(() => now);
  gate.receive(headersFrame(1, call));
  now = 6;
  gate.receive(headersFrame(3, call));
  assert.deepEqual(gate.unfinished, [[1, 5], [3, 6]]);
  assert.equal(gate.takeHeaderSize(1).pairs, 6);
  gate.receive(frame(3, 0, 1, Buffer.alloc(4))); // reset by the client
  gate.closed(3);
  assert.deepEqual(gate.unfinished, []);
  now = 7;
  gate.receive(frame(6, 0, 0, Buffer.alloc(8)).subarray(0, 5));
  assert.equal(gate.incompleteSince, 7);
  const ping = frame(6, 0, 0, Buffer.alloc(8));
  now = 8;
  gate.receive(Buffer.concat([ping.subarray(5), ping.subarray(0, 5)]));
  assert.equal(gate.incompleteSince, 8, "another frame: a busy client is not late");
  now = 9;
  gate.receive(Buffer.concat([ping.subarray(5), frame(1, 1, 5, call.subarray(0, 10))]));
  now = 10;
  gate.receive(frame(9, 0, 5, call.subarray(10, 20)));
  assert.equal(gate.incompleteSince, 8, "headers must end in time, however many frames they have");
});
