import assert from "node:assert/strict";
import { UnsentBytes } from "../../../../src/rpc/limits/unsent_bytes.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

function sockets(count: number) {
  return Array.from({ length: count }, () => ({
    writableLength: 0,
    writableHighWaterMark: 32 * KIB,
    destroyed: false,
  }));
}

Deno.test("unsent bytes: a few connections that wait have a megabyte each", () => {
  const unsent = new UnsentBytes();
  for (const socket of sockets(10)) {
    assert.equal(unsent.room(socket), MIB);
    socket.writableLength = MIB;
    assert.equal(unsent.room(socket), 0);
  }
});

Deno.test("unsent bytes: however many connections fill at the same time, together they take some megabytes, and each has its frames", () => {
  const unsent = new UnsentBytes();
  const all = sockets(400);
  const step = 16 * KIB;
  for (let round = 0; round < 100; round++) {
    for (const socket of all) if (unsent.room(socket) > 0) socket.writableLength += step;
  }
  assert.ok(all.every(({ writableLength }) => writableLength >= 2 * step));
  assert.ok(unsent.bytes() < 32 * MIB, `${unsent.bytes() / MIB} MiB`);
});

Deno.test("unsent bytes: what has been sent, or whose socket is closed, is free again", () => {
  const unsent = new UnsentBytes();
  const all = sockets(100);
  for (const socket of all) {
    unsent.room(socket);
    socket.writableLength = MIB;
  }
  const [first, ...others] = all as [typeof all[0], ...typeof all];
  assert.equal(unsent.bytes(), 100 * MIB);
  assert.equal(unsent.room(first), 32 * KIB - MIB);
  first.writableLength = 0;
  assert.equal(unsent.bytes(), 99 * MIB);
  for (const socket of others) socket.destroyed = true;
  assert.deepEqual([unsent.bytes(), unsent.room(first)], [0, MIB]);
});
