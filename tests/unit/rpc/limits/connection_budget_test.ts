import assert from "node:assert/strict";
import {
  ConnectionBudget,
  type CountedConnection,
} from "../../../../src/rpc/limits/connection_budget.ts";

class FakeConnection implements CountedConnection {
  evictedFor: string | null = null;
  constructor(readonly peer: string, public isIdle = true, readonly open = isIdle ? 0 : 1) {}
  workedAt = 0;
  readonly idleSince = () => this.isIdle ? this.workedAt : null;
  speaks = false;
  readonly hasSpoken = () => this.speaks;
  works = false;
  readonly hasWorked = () => this.works;
  readonly calls = () => this.open;
  readonly evict = (limit: string) => {
    this.evictedFor = limit;
  };
}

const limits = { connections: 3, connectionsPerPeer: 2, handshakes: 2 };

function connect(budget: ConnectionBudget, connection: FakeConnection) {
  budget.begin(connection);
  return budget.establish(connection);
}

Deno.test("a peer's oldest idle connection makes room for its new one", () => {
  const budget = new ConnectionBudget(limits);
  const [busy, idle, fresh] = [false, true, true].map((isIdle) => new FakeConnection("a", isIdle));
  assert.equal(connect(budget, busy!), null);
  assert.equal(connect(budget, idle!), null);
  assert.equal(connect(budget, fresh!), null);
  assert.deepEqual([busy!.evictedFor, idle!.evictedFor], [null, "connections-per-peer"]);
  assert.equal(budget.connections, 2);
});

Deno.test("the connection that has done nothing for longest goes first, however old another is", () => {
  const budget = new ConnectionBudget(limits);
  const [reader, silent, fresh] = ["a", "a", "a"].map((peer) => new FakeConnection(peer));
  connect(budget, reader!);
  connect(budget, silent!);
  silent!.workedAt = 1;
  reader!.workedAt = 2; // Its last call ended a moment ago.
  assert.equal(connect(budget, fresh!), null);
  assert.deepEqual([reader!.evictedFor, silent!.evictedFor], [null, "connections-per-peer"]);
});

Deno.test("a connection that pauses between its calls does not go for one that never had any", () => {
  const budget = new ConnectionBudget(limits);
  const [reader, silent, fresh] = ["a", "a", "a"].map((peer) => new FakeConnection(peer));
  reader!.works = true;
  silent!.workedAt = 900; // Established later.
  connect(budget, reader!);
  connect(budget, silent!);
  assert.equal(connect(budget, fresh!), null);
  assert.deepEqual([reader!.evictedFor, silent!.evictedFor], [null, "connections-per-peer"]);
});

Deno.test("a new connection, whose first call is on its way, does not go for one that has been idle for long", () => {
  const budget = new ConnectionBudget(limits);
  const [idle, fresh, next] = ["a", "a", "a"].map((peer) => new FakeConnection(peer));
  idle!.works = true;
  fresh!.workedAt = 1100;
  connect(budget, idle!);
  connect(budget, fresh!);
  assert.equal(connect(budget, next!), null);
  assert.deepEqual([idle!.evictedFor, fresh!.evictedFor], ["connections-per-peer", null]);
});

Deno.test("a handshake in progress is not evicted by a flood of silent ones, which are ended instead", () => {
  const budget = new ConnectionBudget(limits);
  const [client, silent, another, last] = ["a", "a", "a", "a"].map((peer) =>
    new FakeConnection(peer)
  );
  client!.speaks = another!.speaks = true;
  for (const each of [client, silent, another]) budget.begin(each!);
  assert.deepEqual([client!.evictedFor, silent!.evictedFor], [null, "handshakes"]);
  budget.begin(last!);
  assert.equal(client!.evictedFor, "handshakes", "all have spoken: the oldest");
});

Deno.test("when all are busy, a new connection from the address with the most is refused", () => {
  const budget = new ConnectionBudget(limits);
  connect(budget, new FakeConnection("a", false));
  connect(budget, new FakeConnection("a", false));
  assert.equal(connect(budget, new FakeConnection("a")), "connections-per-peer");
  assert.equal(connect(budget, new FakeConnection("b", false)), null);
  assert.equal(connect(budget, new FakeConnection("b")), "connections", "as many as the other");
  assert.equal(budget.connections, 3);
});

Deno.test("when all are busy, the address with the most gives way: its newest connection with the fewest calls", () => {
  const budget = new ConnectionBudget(limits);
  const [many, few, other] = [["a", 9], ["a", 1], ["b", 1]].map(([peer, calls]) =>
    new FakeConnection(String(peer), false, Number(calls))
  );
  for (const each of [many, few, other]) assert.equal(connect(budget, each!), null);
  assert.equal(connect(budget, new FakeConnection("c", false)), null);
  assert.deepEqual([many, few, other].map((each) => each!.evictedFor), [null, "connections", null]);
  assert.equal(connect(budget, new FakeConnection("d")), "connections", "each has one");
  assert.equal(budget.connections, 3);
});

Deno.test("the oldest handshake of the busiest peer goes for a new one", () => {
  const budget = new ConnectionBudget(limits);
  const [first, second, third] = ["a", "a", "b"].map((peer) => new FakeConnection(peer));
  for (const one of [first, second, third]) budget.begin(one!);
  assert.equal(first!.evictedFor, "handshakes");
  assert.equal(budget.handshakes, 2);
  assert.equal(budget.establish(first!), null, "it has ended: nothing to refuse");
  assert.equal(budget.connections, 0);
  budget.end(second!);
  budget.end(third!);
  assert.equal(budget.handshakes, 0);
});
