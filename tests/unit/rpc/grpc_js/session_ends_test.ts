import assert from "node:assert/strict";
import {
  deferServerSessionEnds,
  deferSessionEnd,
  withoutStacks,
} from "../../../../src/rpc/grpc_js/session_ends.ts";
import { FakeGrpcServer, turns } from "../../../harness/fake_http2.ts";

class FakeSession {
  readonly ends: unknown[][] = [];
  destroy(...args: unknown[]): void {
    this.ends.push(args);
  }
}

Deno.test("session ends: a session is destroyed one turn later, with what it was destroyed with", async () => {
  const session = new FakeSession();
  deferSessionEnd(session);
  session.destroy("why", 2);
  assert.deepEqual(session.ends, []);
  await turns(1);
  assert.deepEqual(session.ends, [["why", 2]]);
});

Deno.test("session ends: those of every session of a server are deferred", async () => {
  const fake = new FakeGrpcServer();
  deferServerSessionEnds(fake.server);
  fake.bind();
  const session = new FakeSession();
  fake.source.emit("session", session);
  session.destroy();
  assert.equal(session.ends.length, 0);
  await turns(1);
  assert.equal(session.ends.length, 1);
});

Deno.test("session ends: errors that are made meanwhile have no stack, those after have one again", () => {
  const frames = (error: Error) => (error.stack ?? "").split("\n").length - 1;
  let within: Error | null = null;
  assert.throws(() =>
    withoutStacks(() => {
      within = new Error("one of thousands");
      throw new Error("the work failed");
    }), /the work failed/);
  assert.equal(frames(within!), 0);
  assert.ok(frames(new Error("another")) > 0);
});
