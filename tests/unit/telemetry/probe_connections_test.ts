import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { ProbeConnections } from "../../../src/telemetry/probe_connections.ts";

class Connection extends EventEmitter {
  isOpen = true;

  constructor(readonly remoteAddress: string) {
    super();
  }

  destroy(): void {
    this.isOpen = false;
    this.emit("close");
  }
}

function connections(max: number, peers: readonly string[]) {
  let evicted = 0;
  const all = new ProbeConnections({ max, onEvicted: () => evicted++ });
  const made = peers.map((peer) => {
    const connection = new Connection(peer);
    all.add(connection as unknown as Socket);
    return connection;
  });
  return { all, made, evicted: () => evicted };
}

Deno.test("the oldest connection of the peer with the most makes room for one too many", () => {
  const { made, all, evicted } = connections(3, ["a", "b", "b", "c"]);
  assert.deepEqual(made.map(({ isOpen }) => isOpen), [true, false, true, true]);
  assert.equal(all.count, 3);
  assert.equal(evicted(), 1);
});

Deno.test("an ended connection is no longer counted, however often its end is reported", () => {
  const { made, all, evicted } = connections(2, ["a", "a"]);
  made[0]!.destroy();
  made[0]!.emit("close");
  assert.equal(all.count, 1);
  all.add(new Connection("b") as unknown as Socket);
  assert.equal(evicted(), 0);
});

Deno.test("all connections end together", () => {
  const { made, all } = connections(4, ["a", "b", "c"]);
  all.destroyAll();
  assert.ok(made.every(({ isOpen }) => !isOpen));
  assert.equal(all.count, 0);
});
