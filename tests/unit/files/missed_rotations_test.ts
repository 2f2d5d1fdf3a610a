import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { fingerprintOf } from "../../../src/files/fingerprint.ts";
import { LogFile } from "../../../src/files/log_file.ts";
import {
  missedRotations,
  readRotatedContents,
  type RotatedContent,
  type SeenFiles,
} from "../../../src/files/missed_rotations.ts";
import { criLine, MemoryLog } from "../../harness/memory_log.ts";

const DAY = "2026-11-23T";

/** A rotated file with one line with the time `HH:MM:SS`; "": a file without a line. */
function rotated(name: string, time: string, ino: number, mtimeMs = 1): RotatedContent {
  const text = time === "" ? "" : `${DAY}${time}Z stdout F ${name}\n`;
  const file = {
    realPath: `/pods/0.log.${name}`,
    stem: `0.log.${name}`,
    compressed: false,
    dev: 1,
    ino,
    size: text.length,
    mtimeMs,
  };
  return {
    file,
    fingerprint: contentOf(text),
    size: text.length,
    compressed: false,
    lastTime: () => null,
  };
}

function contentOf(text: string) {
  return fingerprintOf(new TextEncoder().encode(text));
}

const a = rotated("20261123-100000", "10:00:00", 1);
const b = rotated("20261123-110000", "11:00:00", 2);
const c = rotated("20261123-120000", "12:00:00", 3);
const empty = rotated("20261123-113000", "", 4);

const nothing: SeenFiles = {
  fingerprints: [],
  open: [],
  unread: [],
  beganAt: null,
  next: null,
  clockWentBack: false,
};
const at = (time: string) => contentOf(`${DAY}${time}Z stdout F x\n`).time;

const rows: readonly {
  readonly name: string;
  readonly files: readonly RotatedContent[];
  readonly seen: Partial<SeenFiles>;
  readonly missed: readonly RotatedContent[];
}[] = [
  {
    name: "nothing was seen: all, the oldest first",
    files: [a, b, c],
    seen: {},
    missed: [a, b, c],
  },
  { name: "names do not tell the order", files: [c, a, b], seen: {}, missed: [a, b, c] },
  {
    name: "what was given out is known by content, whatever it is called",
    files: [a, b, c],
    seen: { fingerprints: [b.fingerprint] },
    missed: [a, c],
  },
  {
    name: "open files are known",
    files: [a, b],
    seen: { open: [{ dev: 1, ino: 2 }] },
    missed: [a],
  },
  {
    name: "the same inode number on another device is another file",
    files: [a, b],
    seen: { open: [{ dev: 2, ino: 2 }] },
    missed: [a, b],
  },
  {
    name: "older than the place where following began",
    files: [a, b, c],
    seen: { beganAt: at("11:00:00") },
    missed: [b, c],
  },
  {
    name: "earlier by less than stdout and stderr are out of order",
    files: [a, b],
    seen: { beganAt: at("11:00:01") },
    missed: [b],
  },
  {
    name: "the clock went back: times do not tell what is older",
    files: [a, b],
    seen: { beganAt: at("11:00:00"), clockWentBack: true },
    missed: [a, b],
  },
  {
    name: "without a time, and older by its name than a known file",
    files: [a, b, empty, c],
    seen: { fingerprints: [c.fingerprint], beganAt: at("12:00:00") },
    missed: [],
  },
  {
    name: "without a time, and younger by its name than all known files",
    files: [a, b, empty],
    seen: { fingerprints: [a.fingerprint, b.fingerprint] },
    missed: [empty],
  },
  {
    name: "without a time, and older by its name than one that is known and has no time either",
    files: [a, empty, rotated("20261123-120000", "", 5)],
    seen: { fingerprints: [a.fingerprint], open: [{ dev: 1, ino: 5 }] },
    missed: [empty],
  },
  {
    name: "compressed and empty: nothing will come to it, and it would be missed again each time",
    files: [{ ...empty, compressed: true }],
    seen: {},
    missed: [],
  },
  {
    name: "without a time, and the clock went back: its name tells nothing",
    files: [empty, c],
    seen: { fingerprints: [c.fingerprint], clockWentBack: true },
    missed: [empty],
  },
  {
    name: "without a time, and there when following began",
    files: [a, b, empty],
    seen: { fingerprints: [a.fingerprint, b.fingerprint], unread: [empty.file] },
    missed: [],
  },
  {
    name: "the inode number of an empty file that was there when following began, used again",
    files: [a, b, rotated("20261123-113000", "", 4, 2)],
    seen: { fingerprints: [a.fingerprint, b.fingerprint], unread: [empty.file] },
    missed: [rotated("20261123-113000", "", 4, 2)],
  },
  {
    name: "the next file was rotated itself: what was written after it is left for later",
    files: [a, b, c],
    seen: { next: { dev: 1, ino: 2, fingerprint: b.fingerprint } },
    missed: [a],
  },
  {
    name: "the next file was removed: its time tells",
    files: [a, c],
    seen: { next: { dev: 1, ino: 9, fingerprint: b.fingerprint } },
    missed: [a],
  },
  {
    name: "the next file was removed without a time: nothing can be told",
    files: [a, c],
    seen: { next: { dev: 1, ino: 9, fingerprint: contentOf("") } },
    missed: [],
  },
];

for (const { name, files, seen, missed } of rows) {
  Deno.test(`missed rotations: ${name}`, () => {
    const found = missedRotations(files, { ...nothing, ...seen });
    assert.deepEqual(
      found.map(({ file }) => file.realPath),
      missed.map(({ file }) => file.realPath),
    );
  });
}

for (
  const { renames, outcome } of [{ renames: 2, outcome: "read" }, {
    renames: 9,
    outcome: "not-found",
  }]
) {
  Deno.test(`rotated files of which one is renamed ${renames} times while they are read: ${outcome}`, () => {
    using log = new MemoryLog();
    log.append(criLine(1));
    log.rename(".20261123-010000");
    let opened = 0;
    const read = () =>
      readRotatedContents(log.path, (file) => {
        if (++opened <= renames) throw new Failure("not-found", "it was renamed");
        return LogFile.open(file);
      });
    if (outcome === "read") assert.equal(read().contents.length, 1);
    else assert.throws(read, (error) => error instanceof Failure && error.kind === outcome);
  });
}
