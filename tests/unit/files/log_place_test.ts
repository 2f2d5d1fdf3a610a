import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import type { Check } from "../../../src/files/check_rounds.ts";
import { locate } from "../../../src/files/locate.ts";
import { LogPlace } from "../../../src/files/log_place.ts";
import { logName, MemoryLog, roots } from "../../harness/memory_log.ts";

function setup() {
  const log = new MemoryLog();
  const watched: [string, Check][] = [];
  const watcher = {
    onFile(path: string, check: Check) {
      const one: [string, Check] = [path, check];
      watched.push(one);
      return () => void watched.splice(watched.indexOf(one), watched.includes(one) ? 1 : 0);
    },
  };
  const reasons: string[] = [];
  const place = new LogPlace(locate(roots, logName), { roots, watcher }, (reason) => {
    reasons.push(reason);
    return true;
  });
  const paths = () => watched.map(([path]) => path);
  return { log, watched, paths, place, reasons, [Symbol.dispose]: () => log[Symbol.dispose]() };
}

const OTHER = "/pods/ns_pod_uid/app/1.log";

Deno.test("a log is watched where it lies, and an event there calls its check", () => {
  using all = setup();
  assert.deepEqual(all.paths(), [all.log.path]);
  all.watched[0]?.[1]("event");
  assert.deepEqual(all.reasons, ["event"]);
});

Deno.test("a log that has moved is watched at its new place and no longer at the old one", () => {
  using all = setup();
  const { log, place } = all;
  log.files.rename(log.path, OTHER);
  log.files.remove(log.link);
  log.files.link(log.link, OTHER);
  const located = place.locateAgain();
  assert.equal(located.realPath, OTHER);
  assert.equal(place.realPath, log.path, "to locate is not to move");
  place.moveTo(located);
  assert.deepEqual([place.realPath, all.paths()], [OTHER, [OTHER]]);
});

Deno.test("another file at the same path leaves the watch unchanged", () => {
  using all = setup();
  const { log, place, watched } = all;
  const [before] = watched;
  log.rename(".1");
  const { ino } = place.located;
  place.moveTo(place.locateAgain());
  assert.notEqual(place.located.ino, ino);
  assert.equal(watched[0], before);
});

Deno.test("a log whose link leads nowhere cannot be located again, and stays where it was", () => {
  using all = setup();
  const { log, place } = all;
  log.files.remove(log.path);
  assert.throws(
    () => place.locateAgain(),
    (error) => error instanceof Failure && error.kind === "not-found",
  );
  assert.equal(place.realPath, log.path);
});

Deno.test("a place that is disposed of is not watched any more", () => {
  using all = setup();
  all.place[Symbol.dispose]();
  all.place[Symbol.dispose]();
  assert.deepEqual(all.paths(), []);
});
