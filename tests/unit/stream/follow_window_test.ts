import assert from "node:assert/strict";
import type { AppendedRange } from "../../../src/files/follow.ts";
import { parseInstant } from "../../../src/scan/time_window.ts";
import { followWindow } from "../../../src/stream/follow_window.ts";
import type { TimeWindow } from "../../../src/stream/plan.ts";

/** A followed log in memory: each append is one range, exactly as far as it was written. */
class FakeFollow {
  #bytes = new Uint8Array();
  #ranges: AppendedRange[] = [];
  #wake = Promise.withResolvers<void>();
  #ended = false;
  signal: AbortSignal | undefined;

  append(text: string): void {
    const from = this.#bytes.length;
    const added = new TextEncoder().encode(text);
    const bytes = new Uint8Array(from + added.length);
    bytes.set(this.#bytes);
    bytes.set(added, from);
    this.#bytes = bytes;
    this.#ranges.push({
      source: {
        path: "log",
        dev: 1,
        ino: 1,
        format: "cri",
        size: bytes.length,
        readAt(offset, into) {
          const part = bytes.subarray(offset, offset + into.length);
          into.set(part);
          return part.length;
        },
      },
      from,
      to: bytes.length,
      last: false,
      shortAt() {},
    });
    this.#wake.resolve();
  }

  end(): void {
    this.#ended = true;
    this.#wake.resolve();
  }

  follow = (signal: AbortSignal): AsyncIterableIterator<AppendedRange> => {
    this.signal = signal;
    signal.addEventListener("abort", () => this.#wake.resolve());
    return this.#generate();
  };

  async *#generate(): AsyncGenerator<AppendedRange> {
    for (;;) {
      this.signal?.throwIfAborted();
      const range = this.#ranges.shift();
      if (range !== undefined) yield range;
      else if (this.#ended) return;
      else {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers<void>();
      }
    }
  }
}

const time = (second: number) => `2024-10-01T00:00:${String(second).padStart(2, "0")}Z`;
const line = (second: number, text: string, tag = "F") => `${time(second)} stdout ${tag} ${text}\n`;
const at = (second: number) => parseInstant(time(second));

/** The messages of all ranges that come through, until the end. */
async function messages(
  fake: FakeFollow,
  window: TimeWindow,
  now = () => 0,
): Promise<string[]> {
  const { ranges } = followWindow(fake.follow, window, {
    signal: new AbortController().signal,
    now,
  });
  const found: string[] = [];
  for await (const { source, from, to } of ranges) {
    const bytes = new Uint8Array(to - from);
    source.readAt(from, bytes);
    const text = new TextDecoder().decode(bytes);
    found.push(...text.split("\n").filter(Boolean).map((line) => line.slice(30)));
  }
  assert.ok(fake.signal?.aborted, "following goes on though nobody listens");
  return found;
}

Deno.test("follow window: open at both ends, everything comes", async () => {
  const fake = new FakeFollow();
  fake.append(line(1, "a") + line(2, "b"));
  fake.append(line(3, "c"));
  fake.end();
  assert.deepEqual(await messages(fake, { start: null, stop: null }), ["a", "b", "c"]);
});

Deno.test("follow window: nothing before the start, everything from it on", async () => {
  const fake = new FakeFollow();
  fake.append(line(1, "a") + line(2, "b"));
  fake.append(line(2, "c") + line(5, "d"));
  fake.append(line(4, "out of order after the start"));
  fake.end();
  assert.deepEqual(await messages(fake, { start: at(4), stop: null }), [
    "d",
    "out of order after the start",
  ]);
});

Deno.test("follow window: ends as soon as a record later than the stop appears", async () => {
  const fake = new FakeFollow();
  fake.append(line(1, "a"));
  fake.append(line(4, "b") + line(5, "later") + line(6, "later still"));
  assert.deepEqual(await messages(fake, { start: null, stop: at(4) }), ["a", "b"]);
});

Deno.test("follow window: with a stop, parts wait for the final line that ends them", async () => {
  const fake = new FakeFollow();
  fake.append(line(1, "a"));
  fake.append(line(2, "part 1 ", "P"));
  fake.append(line(3, "part 2 ", "P"));
  fake.append(line(4, "end"));
  fake.append(line(9, "later"));
  assert.deepEqual(await messages(fake, { start: null, stop: at(5) }), [
    "a",
    "part 1 ",
    "part 2 ",
    "end",
  ]);
});

Deno.test("follow window: parts whose line ends after the stop are left out", async () => {
  const fake = new FakeFollow();
  fake.append(line(1, "a") + line(2, "part 1 ", "P"));
  fake.append(line(9, "end"));
  assert.deepEqual(await messages(fake, { start: null, stop: at(5) }), ["a"]);
});

Deno.test("follow window: more than 1 MiB of parts is not held back", async () => {
  const fake = new FakeFollow();
  const part = "x".repeat(400_000);
  fake.append(line(1, part, "P"));
  fake.append(line(1, part, "P"));
  fake.append(line(1, part, "P"));
  fake.append(line(9, "later"));
  assert.equal((await messages(fake, { start: null, stop: at(5) })).length, 3);
});

Deno.test("follow window: ends at the moment of the stop though nothing is written", async () => {
  const fake = new FakeFollow();
  const start = Date.now();
  const stop = parseInstant(new Date(start + 20).toISOString());
  fake.append(`${new Date(start).toISOString().replace("Z", "000000Z")} stdout F before\n`);
  const found = await messages(fake, { start: null, stop }, Date.now);
  assert.equal(found.length, 1);
  assert.ok(Date.now() > start + 20);
});

Deno.test("follow window: closing it ends the follow though nothing was read", () => {
  const fake = new FakeFollow();
  const { close } = followWindow(fake.follow, { start: null, stop: null }, {
    signal: new AbortController().signal,
  });
  close();
  assert.ok(fake.signal?.aborted);
});

Deno.test("follow window: an error of the follow is passed on", async () => {
  const follow = () => ({ next: () => Promise.reject(new Error("gone")) });
  const { ranges } = followWindow(follow, { start: null, stop: null }, {
    signal: new AbortController().signal,
  });
  await assert.rejects(async () => {
    for await (const _ of ranges) { /* Nothing comes. */ }
  }, /gone/);
});
