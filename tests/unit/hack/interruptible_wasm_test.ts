import assert from "node:assert/strict";
import { interruptible } from "../../../hack/interruptible_wasm.ts";

/** A module that exports its memory and count(n), a loop of n iterations. `extra` precedes the loop. */
function counting(extra: readonly number[] = []): Uint8Array<ArrayBuffer> {
  const body = [
    ...[1, 1, 0x7f], // One group of locals: one i32.
    ...extra,
    ...[0x03, 0x40], // loop
    ...[0x20, 1, 0x41, 1, 0x6a, 0x22, 1], // local 1 = local 1 + 1
    ...[0x20, 0, 0x48, 0x0d, 0], // again while it is less than local 0
    0x0b,
    ...[0x20, 1],
    0x0b,
  ];
  const code = [1, body.length, ...body];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f], // type: i32 -> i32
    ...[3, 2, 1, 0],
    ...[5, 3, 1, 0, 1], // memory: one page
    ...[7, 9, 1, 5, ...new TextEncoder().encode("count"), 0, 0],
    ...[10, code.length, ...code],
  ]);
}

interface Exports {
  readonly count: (turns: number) => number;
  readonly stop: WebAssembly.Memory;
}

function instance(wasm: Uint8Array<ArrayBuffer>): Exports {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  return exports as unknown as Exports;
}

Deno.test("loops run as before until the first word of the second memory is set", () => {
  assert.equal(instance(counting()).count(5), 5);
  const { count, stop } = instance(interruptible(counting(), { maxMemoryPages: 1 }));
  assert.equal(count(5), 5);
  const cell = new Int32Array(stop.buffer);
  cell[0] = 1;
  assert.throws(() => count(5), WebAssembly.RuntimeError);
  cell[0] = 0;
  assert.equal(count(7), 7);
});

Deno.test("instructions of every form before a loop are skipped", () => {
  const forms = [
    ...[0x41, 0xff, 0xff, 0xff, 0xff, 0x07, 0x1a], // i32.const of five bytes, drop
    ...[0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f, 0x1a], // i64.const of ten
    ...[0x43, 3, 3, 3, 3, 0x1a], // f32.const, whose bytes look like loops
    ...[0x44, 3, 3, 3, 3, 3, 3, 3, 3, 0xfc, 2, 0x1a], // f64.const; i32.trunc_sat
    ...[0x02, 0x40, 0x41, 0, 0x0e, 1, 0, 0, 0x0b], // block with br_table
    ...[0x41, 3, 0x28, 2, 3, 0x1a], // i32.load, offset 3
    ...[0x41, 3, 0x41, 3, 0x41, 0, 0xfc, 11, 0], // memory.fill
    ...[0x41, 3, 0x41, 3, 0x41, 0, 0xfc, 10, 0, 0], // memory.copy
    ...[0x41, 3, 0x41, 3, 0x41, 3, 0x1c, 1, 0x7f, 0x1a], // select with a type
  ];
  const { count, stop } = instance(interruptible(counting(forms), { maxMemoryPages: 1 }));
  assert.equal(count(5), 5);
  new Int32Array(stop.buffer)[0] = 1;
  assert.throws(() => count(5), WebAssembly.RuntimeError);
});

Deno.test("an instruction that is not known is refused, not guessed at", () => {
  const refused = () => interruptible(counting([0xfd, 3]), { maxMemoryPages: 1 });
  assert.throws(refused, /instruction 0xfd at \d+ is none/);
});

Deno.test("regression: a memory without a maximum took 4 GiB; it grows only as far as allowed", () => {
  const growByFive = [0x41, 5, 0x40, 0, 0x21, 1]; // local 1 = pages before, or -1
  const pagesBefore = (maxMemoryPages: number) =>
    instance(interruptible(counting(growByFive), { maxMemoryPages })).count(0) - 1;
  assert.equal(pagesBefore(6), 1);
  assert.equal(pagesBefore(5), -1);
  assert.throws(() => interruptible(counting(), { maxMemoryPages: 0 }), /needs 1 pages, not 0/);
});

Deno.test("an instance's memory grows as far as the second word of the second memory allows", () => {
  const growByFive = [0x41, 5, 0x40, 0, 0x21, 1]; // local 1 = pages before, or -1
  for (
    const { limit, before } of [{ limit: 0, before: 1 }, { limit: 6, before: 1 }, {
      limit: 5,
      before: -1,
    }]
  ) {
    const { count, stop } = instance(interruptible(counting(growByFive), { maxMemoryPages: 9 }));
    new Int32Array(stop.buffer)[1] = limit;
    assert.equal(count(0) - 1, before, `limit ${limit}`);
  }
});

Deno.test("the regex engine in the program can be ended, and another one takes its place", async () => {
  const { onEngine, RustRegex } = await import("../../../src/scan/rust_regex.ts");
  const engines: Int32Array[] = [];
  onEngine((stop) => engines.push(new Int32Array(stop)));
  const regex = new RustRegex("b+");
  const text = new TextEncoder().encode("aaabbb");
  assert.equal(regex.matches(text, 0, text.length), true);
  Atomics.store(engines.at(-1)!, 0, 1);
  assert.throws(() => regex.matches(text, 0, text.length), WebAssembly.RuntimeError);
  assert.equal(regex.matches(text, 0, text.length), true);
  assert.equal(engines.length, 2);
});
