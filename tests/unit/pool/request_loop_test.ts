import assert from "node:assert/strict";
import type { Request, ResponseMessage } from "../../../src/pool/messages.ts";
import { RequestLoop } from "../../../src/pool/request_loop.ts";
import { REQUEST_FLAGS, SharedFlags } from "../../../src/pool/shared_flags.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { settle } from "./fake_worker.ts";
import { spec } from "./log_pieces.ts";

/** A loop whose requests end when the test says so. */
class Setup {
  readonly flags = new SharedFlags();
  readonly begun: number[] = [];
  readonly responses: ResponseMessage[] = [];
  #end: (() => void) | null = null;
  readonly #loop = new RequestLoop(new SharedFlags(this.flags.buffer), {
    carryOut: ({ id }) => {
      this.begun.push(id);
      return new Promise((resolve) => this.#end = () => resolve({ kind: "checked", id }));
    },
    respond: (response) => this.responses.push(response),
  });

  send(id: number): void {
    this.flags.queue(id);
    const request: Request = { kind: "check", id, spec: spec("forward", "x") };
    this.#loop.receive(request);
  }

  async end(): Promise<void> {
    await settle();
    this.#end?.();
    this.#end = null;
    await settle();
  }
}

Deno.test("requests are carried out one after the other, in their order, and answered once", async () => {
  const setup = new Setup();
  for (const id of [1, 2, 3]) setup.send(id);
  await settle();
  assert.deepEqual(setup.begun, [1]);
  for (let i = 0; i < 3; i++) await setup.end();
  assert.deepEqual(setup.responses.map(({ id }) => id), [1, 2, 3]);
});

Deno.test("a revoked request is neither begun nor answered, one that was begun cannot be revoked", async () => {
  const setup = new Setup();
  for (const id of [1, 2, 3]) setup.send(id);
  await settle();
  assert.equal(setup.flags.revoke(1), false);
  assert.equal(setup.flags.revoke(2), true);
  await setup.end();
  await setup.end();
  assert.deepEqual(setup.begun, [1, 3]);
  assert.deepEqual(setup.responses.map(({ id }) => id), [1, 3]);
});

Deno.test("a request that was stopped before it was begun is answered, but not carried out", async () => {
  const setup = new Setup();
  setup.send(1);
  setup.flags.stop(1);
  await settle();
  assert.deepEqual(setup.begun, []);
  assert.deepEqual(setup.responses.map(({ kind }) => kind), ["stopped"]);
});

Deno.test("whatever is revoked, exactly the other tasks run", async () => {
  const seed = runSeed();
  const random = new Random(seed);
  const setup = new Setup();
  const expected: number[] = [];
  let id = 2 ** 31 - 500; // The numbers wrap around after 32 bits.
  setup.flags.finish(id);
  for (let round = 0; round < 100; round++) {
    const sent: number[] = [];
    for (let count = 1 + random.below(REQUEST_FLAGS - 1); count > 0; count--) {
      id = (id + 1) | 0;
      setup.send(id);
      sent.push(id);
    }
    await settle();
    for (const each of sent) {
      if (random.chance(0.6) && setup.flags.revoke(each)) continue;
      expected.push(each);
    }
    while (!setup.flags.isFinished(id)) await setup.end();
  }
  assert.deepEqual(setup.begun, expected, `SEED=${seed}`);
  assert.deepEqual(setup.responses.map((response) => response.id), expected, `SEED=${seed}`);
});

Deno.test("more requests than there are flags are refused: a flag has one meaning", () => {
  const flags = new SharedFlags();
  for (let id = 1; id <= REQUEST_FLAGS; id++) flags.queue(id);
  assert.throws(() => flags.queue(REQUEST_FLAGS + 1), /no flag is free/);
  flags.finish(1);
  flags.queue(REQUEST_FLAGS + 1);
});
