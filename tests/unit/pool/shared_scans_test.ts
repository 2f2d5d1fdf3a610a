import assert from "node:assert/strict";
import type { PieceResult } from "../../../src/pool/piece.ts";
import { SharedScans } from "../../../src/pool/shared_scans.ts";
import { emptyResult } from "./fake_worker.ts";

/** Scans that end when the test says so. */
class Scans {
  readonly shared = new SharedScans();
  readonly started: { signal: AbortSignal; isWanted: () => boolean }[] = [];
  readonly ends: ((result: PieceResult) => void)[] = [];

  run(name: string, signal = new AbortController().signal): Promise<PieceResult> {
    return this.shared.run(name, signal, (signal, isWanted) => {
      this.started.push({ signal, isWanted });
      return new Promise((resolve, reject) => {
        this.ends.push(resolve);
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    });
  }
}

const frames = () => new Uint8Array([1, 2, 3]);

Deno.test("equal scans at the same time are one, and each waiter has a buffer of its own", async () => {
  const scans = new Scans();
  const results = ["a", "a", "b", "a"].map((name) => scans.run(name));
  assert.equal(scans.started.length, 2);
  scans.ends[0]!({ ...emptyResult, frames: frames() });
  scans.ends[1]!(emptyResult);
  const [first, second, , fourth] = await Promise.all(results);
  first!.frames.buffer.transfer(0); // As the sink does after writing them.
  assert.deepEqual(second!.frames, frames());
  second!.frames[0] = 9;
  assert.deepEqual(fourth!.frames, frames());
});

Deno.test("a finished scan is not shared: later requests read again", async () => {
  const scans = new Scans();
  const first = scans.run("a");
  scans.ends[0]!(emptyResult);
  await first;
  void scans.run("a");
  assert.equal(scans.started.length, 2);
});

Deno.test("a caller that leaves does not affect the others; when all have left, the scan is aborted", async () => {
  const scans = new Scans();
  const [one, other] = [new AbortController(), new AbortController()];
  const first = scans.run("a", one.signal);
  const second = scans.run("a", other.signal);
  one.abort(new Error("gone"));
  await assert.rejects(first, /gone/);
  assert.equal(scans.started[0]!.signal.aborted, false);
  other.abort(new Error("gone, too"));
  assert.equal(scans.started[0]!.isWanted(), false);
  await assert.rejects(second, /gone, too/);
  assert.equal(scans.started[0]!.signal.aborted, true);
});

Deno.test("a caller that arrives while a scan is being aborted starts another", async () => {
  const scans = new Scans();
  const cancel = new AbortController();
  const first = scans.run("a", cancel.signal);
  cancel.abort(new Error("gone"));
  const second = scans.run("a");
  assert.equal(scans.started.length, 2);
  await assert.rejects(first, /gone/);
  const third = scans.run("a");
  assert.equal(scans.started.length, 2, "the second is shared");
  scans.ends[1]!(emptyResult);
  await Promise.all([second, third]);
});

Deno.test("an error of the scan is everybody's, and the next scan is another", async () => {
  const shared = new SharedScans();
  const { signal } = new AbortController();
  const fails = () => Promise.reject(new Error("two workers died of it"));
  const results = [1, 2].map(() => shared.run("a", signal, fails));
  for (const result of results) await assert.rejects(result, /died/);
  assert.equal(await shared.run("a", signal, () => Promise.resolve(emptyResult)), emptyResult);
});
