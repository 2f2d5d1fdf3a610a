import assert from "node:assert/strict";
import { ledToOpened } from "../../../src/files/opened_path.ts";
import { type FileFacts, type FileSystem, replaceFileSystem } from "../../../src/platform/files.ts";
import { Random, runSeed } from "../../harness/random.ts";

const PATH = "/pods/ns_pod_uid/app/0.log";
const FOLDERS = ["/pods/ns_pod_uid/app", "/pods/ns_pod_uid", "/pods", "/"];
const OPENED_AT = 1_000_000;
const OWN = 7;

/** A tree whose folders have changed at certain times, and whose path leads elsewhere while `isExchanged`. */
class Tree implements Disposable {
  readonly changedAt = new Map(FOLDERS.map((folder) => [folder, OPENED_AT - 60_000]));
  isExchanged: (call: number) => boolean = () => false;
  calls = 0;
  ino = OWN;
  readonly #replaced: Disposable;

  constructor() {
    const never = () => {
      throw new Error("not to be called");
    };
    this.#replaced = replaceFileSystem(
      {
        lstat: (path) => this.#lstat(path),
        realPath: (path) => this.isExchanged(++this.calls) ? `/elsewhere${path}` : path,
        stat: never,
        readLink: never,
        readDirectory: never,
        openFile: never,
      } satisfies FileSystem,
    );
  }

  ledToOpened(): boolean {
    return ledToOpened(PATH, ({ ino }) => ino === OWN, OPENED_AT);
  }

  #lstat(path: string): FileFacts {
    const ctimeMs = this.changedAt.get(path) ?? 0;
    const ino = this.isExchanged(++this.calls) ? OWN : this.ino;
    return { ino, ctimeMs } as FileFacts;
  }

  [Symbol.dispose](): void {
    this.#replaced[Symbol.dispose]();
  }
}

/** What holds while the path is checked, whether it led to the opened file, and whether that takes many checks. */
const table: readonly [string, (tree: Tree) => void, boolean, boolean][] = [
  ["nothing has changed lately", () => {}, true, false],
  [
    "the container's folder has just changed",
    (t) => t.changedAt.set(FOLDERS[0]!, OPENED_AT),
    true,
    true,
  ],
  ["the pod's folder has just changed", (t) => t.changedAt.set(FOLDERS[1]!, OPENED_AT), true, true],
  [
    "the folder of all pods has just changed",
    (t) => t.changedAt.set(FOLDERS[2]!, OPENED_AT),
    true,
    true,
  ],
  [
    "a change within the clock's resolution",
    (t) => t.changedAt.set(FOLDERS[0]!, OPENED_AT - 1050),
    true,
    true,
  ],
  ["a file system without ctime", (t) => t.changedAt.set(FOLDERS[0]!, 0), true, true],
  ["the path leads to another file", (t) => void (t.ino = OWN + 1), false, false],
  ["the path has a link in it", (t) => void (t.isExchanged = () => true), false, false],
];

for (const [title, happen, expected, isChecked] of table) {
  Deno.test(`did a path lead to the opened file? ${title}: ${expected ? "yes" : "no"}`, () => {
    using tree = new Tree();
    happen(tree);
    assert.equal(tree.ledToOpened(), expected);
    assert.equal(tree.calls > 30, isChecked, `${tree.calls} calls`);
  });
}

/**
 * While it is exchanged, the path leads to the opened file, which is somebody else's, through a link; while it is not,
 * to another file without a link. So both checks never succeed.
 */
Deno.test("an attacker who exchanges a folder for a link, however fast, does not get through", () => {
  const seed = runSeed();
  const random = new Random(seed);
  const patterns: ((call: number) => boolean)[] = [
    (call) => call % 2 === 0,
    (call) => call % 2 === 1,
    (call) => call % 3 === 0,
    (call) => call <= 2,
    // An attacker who knows the order: succeeds if the checks are always the same.
    (call) => call === 2 || call === 37,
    (call) => call !== 1 && call !== 3 && call !== 36,
    () => random.chance(0.5),
  ];
  for (const pattern of patterns) {
    for (let i = 0; i < 200; i++) {
      using tree = new Tree();
      tree.changedAt.set(FOLDERS[0]!, OPENED_AT);
      tree.ino = OWN + 1;
      tree.isExchanged = pattern;
      assert.equal(tree.ledToOpened(), false, `SEED=${seed}`);
    }
  }
});
