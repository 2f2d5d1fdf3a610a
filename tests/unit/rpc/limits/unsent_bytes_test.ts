import assert from "node:assert/strict";
import { UnsentBytes } from "../../../../src/rpc/limits/unsent_bytes.ts";

const MIB = 1024 * 1024;

Deno.test("unsent bytes: a few connections that wait have a megabyte each", () => {
  const unsent = new UnsentBytes();
  for (let index = 0; index < 10; index++) {
    assert.equal(unsent.limit, MIB);
    unsent.wait({}, unsent.limit);
  }
});

Deno.test("unsent bytes: however many connections wait, together they take some megabytes, and each has its frames", () => {
  const unsent = new UnsentBytes();
  for (let index = 0; index < 400; index++) {
    const { limit } = unsent;
    assert.ok(limit >= 32 * 1024);
    unsent.wait({}, limit);
  }
  assert.ok(unsent.bytes < 32 * MIB, `${unsent.bytes / MIB} MiB`);
});

Deno.test("unsent bytes: what has been sent, or whose socket is closed, is free again, once", () => {
  const unsent = new UnsentBytes();
  const sockets = Array.from({ length: 100 }, () => ({}));
  for (const socket of sockets) unsent.wait(socket, MIB);
  assert.equal(unsent.limit, 32 * 1024);
  unsent.wait(sockets[0]!, MIB);
  assert.equal(unsent.bytes, 100 * MIB, "it waits once");
  for (const socket of [...sockets, ...sockets]) unsent.done(socket);
  assert.deepEqual([unsent.bytes, unsent.limit], [0, MIB]);
});
