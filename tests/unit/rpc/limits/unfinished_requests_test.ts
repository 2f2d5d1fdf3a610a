import assert from "node:assert/strict";
import { UnfinishedRequests } from "../../../../src/rpc/limits/unfinished_requests.ts";

const limits = { requestBytes: 1000, unfinishedBytes: 1500, unfinishedRequests: 2 };

Deno.test("a request is unfinished from its headers to its last byte", () => {
  let now = 5;
  const requests = new UnfinishedRequests(limits, () => now);
  requests.begin(1);
  now = 7;
  requests.begin(3);
  requests.begin(1); // Trailers do not begin a request.
  assert.deepEqual(requests.list(), [[1, 5], [3, 7]]);
  requests.receive(1, 10, false);
  requests.receive(1, 10, true);
  assert.deepEqual(requests.list(), [[3, 7]]);
});

Deno.test("a large request, and large ones together, are offenses", () => {
  const requests = new UnfinishedRequests(limits, () => 0);
  for (const stream of [1, 3]) requests.begin(stream);
  assert.equal(requests.receive(1, 1000, false), null);
  assert.equal(requests.receive(3, 100, false), null);
  assert.match(requests.receive(3, 1, false)?.why ?? "", /^unfinished requests of more than 1500/);
  assert.match(requests.receive(1, 1, true)?.why ?? "", /^a request of more than 1000 bytes/);
});

Deno.test("a finished request leaves its bytes to others", () => {
  const requests = new UnfinishedRequests(limits, () => 0);
  for (const stream of [1, 3]) {
    requests.begin(stream);
    requests.receive(stream, 500, false);
  }
  requests.finish(1);
  requests.begin(5);
  assert.equal(requests.receive(5, 500, false), null);
});

Deno.test("a frame counts for what it takes, so that no number of frames of one byte, or none, is little", () => {
  const requests = new UnfinishedRequests({ ...limits, unfinishedBytes: 10_000 }, () => 0);
  requests.begin(1);
  let frames = 0;
  while (requests.receive(1, frames % 2, false) === null) frames++;
  assert.ok(frames < 100, `${frames} frames`);
  assert.ok(requests.memory > 10_000);
  requests.finish(1);
  assert.equal(requests.memory, 0);
});

Deno.test("many unfinished requests are an offense", () => {
  const requests = new UnfinishedRequests(limits, () => 0);
  assert.deepEqual([1, 3].map((stream) => requests.begin(stream)), [null, null]);
  assert.equal(requests.begin(5)?.limit, "request-time");
});

Deno.test("bytes of streams without a request are not counted", () => {
  const requests = new UnfinishedRequests(limits, () => 0);
  assert.equal(requests.receive(1, 5000, false), null);
  requests.begin(3);
  assert.equal(requests.receive(3, 1000, false), null);
});
