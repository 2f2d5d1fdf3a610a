import assert from "node:assert/strict";
import { defaults } from "../../../../src/config/schema.ts";
import {
  descriptorsNeeded,
  headerMemoryOf,
  ORDINARY_HEADER_MEMORY,
  portLimits,
} from "../../../../src/rpc/limits/port_limits.ts";

Deno.test("port limits: with descriptors enough they are those of the configuration", () => {
  const limits = portLimits(defaults.limits, descriptorsNeeded(defaults.limits) * 10);
  assert.deepEqual(
    [limits.connections, limits.connectionsPerPeer, limits.handshakes],
    [
      defaults.limits.maxConnections,
      defaults.limits.maxConnectionsPerPeer,
      defaults.limits.maxHandshakes,
    ],
  );
  assert.equal(limits.frames.headers.bytes, defaults.limits.maxHeaderBytes);
  assert.equal(limits.frames.requestBytes, defaults.limits.maxRequestBytes);
});

for (const descriptors of [64, 256, 1024]) {
  Deno.test(`port limits: of ${descriptors} descriptors, connections and handshakes leave some to logs and workers`, () => {
    const { connections, connectionsPerPeer, handshakes } = portLimits({
      ...defaults.limits,
      maxConnections: 100_000,
      maxConnectionsPerPeer: 100_000,
      maxHandshakes: 100_000,
    }, descriptors);
    assert.ok(connections + handshakes <= descriptors * 0.6, `${connections} and ${handshakes}`);
    assert.ok(connections > 0 && handshakes > 0);
    assert.ok(connectionsPerPeer <= connections);
  });
}

Deno.test("port limits: another name may do less than an allowed one, in each respect", () => {
  const { frames, streams, otherNames } = portLimits(defaults.limits, 10_000);
  assert.ok(otherNames.streams < streams);
  assert.ok(otherNames.frames.headers.bytes < frames.headers.bytes);
  assert.ok(otherNames.frames.headers.pairs < frames.headers.pairs);
  assert.ok(otherNames.frames.requestBytes < frames.requestBytes);
  assert.ok(otherNames.frames.unfinishedBytes < frames.unfinishedBytes);
  assert.ok(otherNames.frames.unfinishedRequests < frames.unfinishedRequests);
});

Deno.test("port limits: another name's headers are never more than what is allowed to all", () => {
  const { otherNames } = portLimits({ ...defaults.limits, maxHeaderBytes: 4096 }, 10_000);
  assert.equal(otherNames.frames.headers.bytes, 4096);
});

Deno.test("port limits: every stream of the configuration has its places: calls of all kinds, and those to come", () => {
  const { streams } = portLimits(defaults.limits, 10_000);
  const { maxStreams, maxUnaryCalls, maxPublicCalls } = defaults.limits;
  assert.ok(streams > maxStreams + maxUnaryCalls + maxPublicCalls);
});

Deno.test("port limits: descriptors that are needed grow with streams and connections", () => {
  const needed = descriptorsNeeded(defaults.limits);
  const { maxStreams, maxConnections } = defaults.limits;
  assert.equal(descriptorsNeeded({ ...defaults.limits, maxStreams: maxStreams + 1 }), needed + 2);
  assert.equal(
    descriptorsNeeded({ ...defaults.limits, maxConnections: maxConnections + 1 }),
    needed + 1,
  );
});

Deno.test("header memory: pairs count beside their text, and an ordinary call's headers are ordinary", () => {
  assert.ok(headerMemoryOf({ bytes: 0, pairs: 100 }) > 100 * 50);
  assert.ok(headerMemoryOf({ bytes: 500, pairs: 12 }) < ORDINARY_HEADER_MEMORY);
  assert.ok(headerMemoryOf({ bytes: 20_000, pairs: 1000 }) > ORDINARY_HEADER_MEMORY);
});
