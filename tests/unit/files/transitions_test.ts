import assert from "node:assert/strict";
import {
  contentChange,
  type Observation,
  type PathState,
  type Transition,
  transitions,
} from "../../../src/files/transitions.ts";

const own: PathState = { kind: "file", dev: 1, ino: 1 };
const other: PathState = { kind: "file", dev: 1, ino: 2 };
const absent: PathState = { kind: "absent" };
const refused: PathState = { kind: "refused" };

const quiet: Observation = {
  content: "same",
  open: { dev: 1, ino: 1 },
  path: own,
  link: null,
  linkIsGone: false,
  goneMs: 0,
  refusedMs: 0,
};

const table: readonly [string, Partial<Observation>, readonly Transition[]][] = [
  ["nothing has happened", {}, []],
  ["lines were appended", { content: "grown" }, ["grown"]],
  ["kubelet has renamed the file and the runtime has not opened a new one", { path: absent }, []],
  ["rename and create", { path: other }, ["rotated"]],
  ["lines just before a rename", { content: "grown", path: other }, ["grown", "rotated"]],
  ["copytruncate", { content: "truncated" }, ["truncated"]],
  ["copied, truncated and renamed", { content: "truncated", path: other }, [
    "truncated",
    "rotated",
  ]],
  ["lines just before a rename that only moves the path", {
    content: "grown",
    path: absent,
    link: own,
  }, ["grown", "moved"]],
  ["the link leads to another file, the old one stays", { link: other }, ["rotated"]],
  ["lines while the path may not be examined", {
    content: "grown",
    path: refused,
    link: refused,
    refusedMs: 1500,
  }, ["grown"]],
  ["the log folder cannot be read for a moment", { link: refused, path: absent }, []],
  ["the log may not be examined for two seconds", {
    path: refused,
    link: refused,
    refusedMs: 2000,
  }, ["refused"]],
  ["link and file have just gone", { path: absent, link: absent, linkIsGone: true }, []],
  ["link and file have been gone for two seconds", {
    path: absent,
    link: absent,
    linkIsGone: true,
    goneMs: 2000,
  }, ["gone"]],
  ["the last lines of a pod that is deleted", {
    content: "grown",
    path: absent,
    link: absent,
    linkIsGone: true,
    goneMs: 2000,
  }, ["grown", "gone"]],
  ["the file is gone, a link that leads nowhere stays", {
    path: absent,
    link: absent,
    goneMs: 9000,
  }, []],
  ["the link is gone, the file stays", { link: absent, linkIsGone: true, goneMs: 9000 }, []],
  ["a folder or a pipe lies at the path", { path: { kind: "other" } }, ["rotated"]],
];

for (const [title, observed, expected] of table) {
  Deno.test(`transitions: ${title}`, () => {
    assert.deepEqual(transitions({ ...quiet, ...observed }), expected);
  });
}

const contents: readonly [string, [number, number | null], [number, number], boolean, string][] = [
  ["untouched", [100, 1], [100, 1], true, "same"],
  ["grown, its known bytes in their places", [100, 1], [200, 2], true, "grown"],
  ["smaller", [100, 1], [99, 2], true, "truncated"],
  ["truncated, and regrown beyond its old size", [100, 1], [200, 2], false, "truncated"],
  [
    "truncated, and regrown to its old size at the same time",
    [100, 1],
    [100, 1],
    false,
    "truncated",
  ],
  ["empty, and seen for the first time", [0, null], [0, 1], true, "same"],
  [
    "empty as before but touched: written and truncated in between",
    [0, 1],
    [0, 2],
    true,
    "truncated",
  ],
  ["touched, its bytes as before", [100, 1], [100, 2], true, "same"],
];

for (const [title, known, now, isIntact, expected] of contents) {
  Deno.test(`content: ${title}`, () => {
    const state = ([size, mtimeMs]: [number, number | null]) => ({ size, mtimeMs });
    const found = contentChange(state(known), state(now), () => isIntact, { quick: false });
    assert.equal(found, expected);
  });
}

Deno.test("content: a quick check of an untouched file reads nothing", () => {
  const state = { size: 100, mtimeMs: 1 };
  assert.equal(contentChange(state, state, () => assert.fail("read"), { quick: true }), "same");
});
