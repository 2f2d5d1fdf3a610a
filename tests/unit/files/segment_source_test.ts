import assert from "node:assert/strict";
import type { LogFormat } from "../../../src/scan/format.ts";
import type { LogSource } from "../../../src/files/log_file.ts";
import { SegmentSource } from "../../../src/files/segment_source.ts";
import { sourceOf } from "../../harness/log_text.ts";

class FakeSource implements LogSource {
  readonly dev = 1;
  readonly size: number;
  readonly readAt: LogSource["readAt"];
  format: LogFormat = "cri";
  closed = 0;

  constructor(readonly path: string, readonly ino: number, text = path) {
    ({ size: this.size, readAt: this.readAt } = sourceOf(text));
  }

  [Symbol.dispose](): void {
    this.closed++;
  }
}

const textOf = (source: SegmentSource) => {
  const bytes = new Uint8Array(100);
  return new TextDecoder().decode(bytes.subarray(0, source.readAt(0, bytes)));
};
const stateOf = ({ path, ino, isParked, isLost, lossCause, size }: SegmentSource) =>
  [path, ino, isParked ? "parked" : isLost ? `lost: ${lossCause}` : "read", size] as const;

type Step = (source: SegmentSource) => unknown;

const table: readonly [string, Step[], ReturnType<typeof stateOf>, string][] = [
  ["its file", [], ["file", 7, "read", 4], "file"],
  ["parked", [(s) => s.park()], ["file", null, "parked", 0], ""],
  ["parked, found again", [(s) => s.park(), (s) => s.replace(new FakeSource("copy", 8))], [
    "copy",
    8,
    "read",
    4,
  ], "copy"],
  ["parked, not found again", [(s) => s.park(), (s) => s.replace(null)], [
    "file",
    null,
    "lost: removed",
    0,
  ], ""],
  ["truncated, a copy", [(s) => s.replace(new FakeSource("copy", 8))], [
    "copy",
    8,
    "read",
    4,
  ], "copy"],
  ["truncated, no copy", [(s) => s.replace(null)], ["file", null, "lost: truncated", 0], ""],
  ["disposed of", [(s) => s[Symbol.dispose]()], ["file", null, "lost: removed", 0], ""],
  ["disposed of after it was lost", [(s) => s.replace(null), (s) => s[Symbol.dispose]()], [
    "file",
    null,
    "lost: truncated",
    0,
  ], ""],
];

for (const [title, steps, state, text] of table) {
  Deno.test(`what a segment is read from: ${title}`, () => {
    const file = new FakeSource("file", 7);
    const source = new SegmentSource(file);
    for (const step of steps) step(source);
    assert.deepEqual(stateOf(source), state);
    assert.equal(textOf(source), text);
  });
}

Deno.test("the epoch changes exactly when the source being read changes", () => {
  const source = new SegmentSource(new FakeSource("file", 7));
  const epochs = [source.epoch];
  textOf(source);
  assert.equal(source.epoch, epochs[0]);
  for (const change of [() => source.replace(new FakeSource("copy", 8)), () => source.park()]) {
    change();
    assert(!epochs.includes(source.epoch));
    epochs.push(source.epoch);
  }
});

Deno.test("parking and disposing close the former file; replacing hands it over", () => {
  const [file, copy] = [new FakeSource("file", 7), new FakeSource("copy", 8)];
  const source = new SegmentSource(file);
  assert.equal(source.replace(copy), file);
  assert.equal(file.closed, 0);
  source.park();
  source.park();
  source[Symbol.dispose]();
  assert.equal(copy.closed, 1);
});

Deno.test("the format stays that of the file, which may have shown it after it was asked for", () => {
  const file = new FakeSource("file", 7);
  const source = new SegmentSource(file);
  assert.equal(source.format, "cri");
  file.format = "docker";
  source.park();
  assert.equal(source.format, "docker");
});
