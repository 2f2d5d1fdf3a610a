import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { locate } from "../../../src/files/locate.ts";
import { LogFile } from "../../../src/files/log_file.ts";
import { LogObserver } from "../../../src/files/log_observer.ts";
import { LogSegment } from "../../../src/files/log_segment.ts";
import type { Transition } from "../../../src/files/transitions.ts";
import { criLine, criLines, logName, MemoryLog, roots } from "../../harness/memory_log.ts";

/** An observed log with two lines. */
class Observed implements Disposable {
  readonly log = new MemoryLog();
  readonly segment: LogSegment;
  readonly observer: LogObserver;
  readonly #located;
  now = 10_000;

  constructor({ isYoung = false } = {}) {
    this.log.append(criLines(1, 2));
    this.#located = locate(roots, logName);
    this.segment = new LogSegment(LogFile.open(this.#located));
    this.segment.grow();
    this.observer = new LogObserver(this.log.link, { now: () => this.now, isYoung });
  }

  observe(options: { followsLink?: boolean; isQuick?: boolean } = {}): Transition[] {
    const { followsLink = true, isQuick = false } = options;
    return this.observer.observe(this.#located, this.segment, {
      followsLink,
      isQuick,
      grows: true,
    });
  }

  /** Observes now and after the given milliseconds. */
  observeFor(ms: number): Transition[] {
    this.observe();
    this.now += ms;
    return this.observe();
  }

  /** When it is due, from now. */
  get dueIn(): number {
    return this.observer.dueAt - this.now;
  }

  [Symbol.dispose](): void {
    this.segment[Symbol.dispose]();
    this.log[Symbol.dispose]();
  }
}

const OTHER = "/pods/ns_pod_uid/app/1.log";

/** What happens, what is observed immediately, and what after 1,900 ms and 2,100 ms more. */
const table: readonly [
  string,
  (log: MemoryLog) => void,
  Transition[],
  Transition[],
  Transition[],
][] = [
  ["nothing", () => {}, [], [], []],
  ["lines come", (log) => log.append(criLine(3)), ["grown"], [], []],
  ["truncated", (log) => log.files.truncate(log.path), ["truncated"], ["truncated"], ["truncated"]],
  [
    "lines come, then rotated",
    (log) => {
      log.append(criLine(3));
      log.rename(".1");
    },
    ["grown", "rotated"],
    ["rotated"],
    ["rotated"],
  ],
  [
    "moved with its link",
    (log) => {
      log.files.rename(log.path, OTHER);
      log.files.remove(log.link);
      log.files.link(log.link, OTHER);
    },
    ["moved"],
    ["moved"],
    ["moved"],
  ],
  [
    "the link leads to another file, though this one lies where it was",
    (log) => {
      log.files.create(OTHER);
      log.files.remove(log.link);
      log.files.link(log.link, OTHER);
    },
    ["rotated"],
    ["rotated"],
    ["rotated"],
  ],
  ["the file goes", (log) => log.files.remove(log.path), [], [], []],
  ["the link goes", (log) => log.files.remove(log.link), [], [], []],
  [
    "file and link go",
    (log) => {
      log.files.remove(log.path);
      log.files.remove(log.link);
    },
    [],
    [],
    ["gone"],
  ],
  ["permissions go", (log) => void (log.files.refusal = "permission-denied"), [], [], ["refused"]],
  ["descriptors run out", (log) => void (log.files.refusal = "no-descriptors"), [], [], []],
];

for (const [title, happen, atOnce, soon, later] of table) {
  Deno.test(`observed of a log: ${title}: ${[atOnce, soon, later].map((one) => one.join() || "nothing").join(", ")}`, () => {
    using observed = new Observed();
    happen(observed.log);
    assert.deepEqual(observed.observe(), atOnce);
    observed.now += 1900;
    assert.deepEqual(observed.observe(), soon);
    observed.now += 200;
    assert.deepEqual(observed.observe(), later);
    observed.log.files.refusal = null;
  });
}

Deno.test("a log that returns within two seconds was never gone, and the two seconds start over", () => {
  using observed = new Observed();
  const { files, link, path } = observed.log;
  const hidden = `${path}.hidden`;
  for (let i = 0; i < 3; i++) {
    files.remove(link);
    files.rename(path, hidden);
    assert.deepEqual(observed.observeFor(1500), []);
    files.rename(hidden, path);
    files.link(link, path);
    assert.deepEqual(observed.observe(), []);
  }
});

Deno.test("without checking the link, only the file's own path counts", () => {
  using observed = new Observed();
  const { files, link } = observed.log;
  files.create(OTHER);
  files.remove(link);
  files.link(link, OTHER);
  assert.deepEqual(observed.observe({ followsLink: false }), []);
  assert.deepEqual(observed.observe({ followsLink: true }), ["rotated"]);
});

Deno.test("a log is due again: amid a rotation, refused, gone, just appeared, and else at no moment", () => {
  const dueAfter = (happen: (log: MemoryLog) => void, isYoung = false) => {
    using observed = new Observed({ isYoung });
    happen(observed.log);
    observed.observe();
    observed.log.files.refusal = null;
    return observed.dueIn;
  };
  assert.equal(dueAfter(() => {}), Infinity);
  assert.equal(dueAfter(({ files, path }) => files.rename(path, `${path}.1`)), 20);
  assert.equal(dueAfter(({ files }) => void (files.refusal = "permission-denied")), 20);
  assert.equal(dueAfter(() => {}, true), 50);
});

Deno.test("amid a rotation a log is due every 20 ms, for two seconds", () => {
  using observed = new Observed();
  const { files, path } = observed.log;
  files.rename(path, `${path}.1`);
  observed.observeFor(1900);
  assert.equal(observed.dueIn, 20);
  observed.observeFor(200);
  assert.equal(observed.dueIn, Infinity);
  files.rename(`${path}.1`, path);
});

Deno.test("a log that is gone is due when its two seconds are over", () => {
  using observed = new Observed();
  const { files, path, link } = observed.log;
  files.remove(path);
  files.remove(link);
  observed.observeFor(1990);
  assert.equal(observed.dueIn, 10);
});

Deno.test("after a failure, a missing file is waited for, and a refusal ends after two seconds", () => {
  using observed = new Observed();
  const { observer } = observed;
  assert.equal(observer.failed(new Failure("not-found", "not yet")), null);
  assert.equal(observed.dueIn, 20);
  assert.equal(observer.failed(new Deno.errors.PermissionDenied("no")), null);
  observed.now += 2000;
  const failure = observer.failed(new Deno.errors.PermissionDenied("no"));
  assert.equal(failure?.kind, "permission-denied");
});
