import assert from "node:assert/strict";
import { ORDINARY_HEADER_MEMORY } from "../../../../src/rpc/limits/port_limits.ts";
import { type StreamPlace, StreamPlaces } from "../../../../src/rpc/limits/stream_places.ts";

const LARGE = ORDINARY_HEADER_MEMORY * 2;

function setUp(limits: { readonly streams: number; readonly headerMemory: number }) {
  const places = new StreamPlaces(limits);
  const evicted: string[] = [];
  const connections = new Map<string, object>();
  /** A place, or the limit that refuses it. */
  const open = (name: string, bytes = 100) => {
    const connection = connections.get(name) ?? {};
    connections.set(name, connection);
    return places.open({
      connection,
      peer: "10.0.0.1",
      headers: { bytes, pairs: 0 },
      evict: (limit) => evicted.push(`${name}: ${limit}`),
    });
  };
  const opened = (name: string, bytes?: number): StreamPlace => {
    const place = open(name, bytes);
    assert.ok(typeof place !== "string", String(place));
    return place;
  };
  return { places, evicted, open, opened };
}

Deno.test("stream places: a connection whose answers are not read takes no places of others", () => {
  const { evicted, open, opened, places } = setUp({ streams: 4, headerMemory: 0 });
  for (let index = 0; index < 4; index++) opened("unread");
  assert.equal(open("unread"), "streams");
  opened("innocent");
  opened("other");
  assert.deepEqual(evicted, ["unread: streams", "unread: streams"]);
  assert.equal(places.held.streams, 4);
});

Deno.test("stream places: what counts for a user gives no place, however many of a connection", () => {
  const { evicted, opened, places } = setUp({ streams: 6, headerMemory: 0 });
  for (let index = 0; index < 4; index++) opened("proxy").claim();
  for (let index = 0; index < 2; index++) opened("unread");
  opened("innocent");
  assert.deepEqual(evicted, ["unread: streams"]);
  assert.equal(places.held.streams, 6);
});

Deno.test("stream places: closing gives back what was taken, claimed or not, once", () => {
  const { opened, places } = setUp({ streams: 10, headerMemory: 10 * LARGE });
  const [claimed, unclaimed] = [opened("a", LARGE), opened("a", LARGE)];
  claimed.claim();
  claimed.claim();
  assert.deepEqual(places.held, { streams: 2, headerMemory: 2 * LARGE });
  for (const place of [claimed, unclaimed, claimed, unclaimed]) place.close();
  claimed.claim();
  assert.deepEqual(places.held, { streams: 0, headerMemory: 0 });
});

Deno.test("header memory: it is counted until the headers are dropped, while the call continues", () => {
  const { open, opened, places } = setUp({ streams: 100, headerMemory: 2 * LARGE });
  const [first] = [opened("a", LARGE), opened("a", LARGE)];
  assert.equal(open("a", LARGE), "header-memory");
  first.claim();
  assert.equal(places.held.headerMemory, 2 * LARGE, "they are still read");
  first.dropHeaders();
  opened("a", LARGE);
  assert.equal(places.held.streams, 3);
});

Deno.test("header memory: the connection with the most gives way; ordinary headers need none", () => {
  const { evicted, open, opened } = setUp({ streams: 100, headerMemory: 4 * LARGE });
  for (let index = 0; index < 4; index++) opened("large", LARGE);
  assert.equal(open("large", LARGE), "header-memory");
  opened("large", ORDINARY_HEADER_MEMORY);
  assert.deepEqual(evicted, []);
  opened("innocent", LARGE);
  assert.deepEqual(evicted, ["large: header-memory"]);
});
