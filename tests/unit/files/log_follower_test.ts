import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Failure } from "../../../src/failure/failure.ts";
import { openDescriptors } from "../../harness/open_descriptors.ts";
import { FollowedFolder } from "../../harness/followed_folder.ts";
import { criLine, criLines } from "../../harness/memory_log.ts";

Deno.test("following from the beginning gives all existing lines, then new ones", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLines(1, 3));
  const reader = stage.follow();
  assert.equal(reader.text(), criLines(1, 3));
  stage.append(criLine(4));
  assert.equal(reader.text(), "", "nothing has looked yet");
  stage.watcher.check();
  assert.equal(reader.text(), criLine(4));
});

Deno.test("the end is the last line boundary at the call, not at the first read", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1) + "2026-11-23T10:00:02.0Z stdout F ha");
  const reader = stage.follow("end");
  stage.append("lf\n" + criLine(3));
  stage.watcher.check();
  assert.equal(reader.text(), "2026-11-23T10:00:02.0Z stdout F half\n" + criLine(3));
});

Deno.test("an unterminated line is held until its newline arrives", async () => {
  await using stage = new FollowedFolder();
  const reader = stage.follow();
  stage.append(criLine(1) + "half");
  stage.watcher.check();
  assert.equal(reader.text(), criLine(1));
  stage.pass(60_000);
  assert.equal(reader.text(), "");
  stage.append(" line\n");
  stage.watcher.check();
  assert.equal(reader.text(), "half line\n");
});

Deno.test("a log that is not there yet is waited for and read whole, from END too", async () => {
  await using stage = new FollowedFolder({ empty: true });
  const reader = stage.follow("end");
  assert.equal(reader.text(), "");
  stage.pass(9_000);
  assert.equal(reader.text(), "");
  stage.append(criLines(1, 2));
  Deno.symlinkSync(stage.log, stage.link);
  stage.pass(100);
  assert.equal(reader.text(), criLines(1, 2));
});

Deno.test("writes to a log that has just appeared are noticed without events", async () => {
  await using stage = new FollowedFolder({ empty: true });
  const reader = stage.follow();
  stage.create();
  stage.clock.advance(100);
  stage.append(criLine(1));
  stage.clock.advance(60);
  assert.equal(reader.text(), criLine(1));
});

Deno.test("a log that does not appear in time is not found", async () => {
  await using stage = new FollowedFolder({ empty: true });
  const reader = stage.follow();
  assert.equal(reader.text(), "");
  stage.pass(10_001);
  assert.throws(
    () => reader.text(),
    (e) => e instanceof Failure && e.kind === "not-found" && e.message.includes(stage.link),
  );
});

Deno.test("a log that may not be read is refused at once", async () => {
  await using stage = new FollowedFolder({ empty: true });
  Deno.symlinkSync("/etc/passwd", stage.link);
  assert.throws(
    () => stage.follow().text(),
    (e) => e instanceof Failure && e.kind === "permission-denied",
  );
});

Deno.test("bytes that exist but cannot be read are tried twice, then counted and skipped", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLines(1, 2));
  const reader = stage.follow();
  for (let attempt = 1; attempt <= 2; attempt++) {
    const range = reader.range();
    assert(typeof range === "object");
    assert.equal(range.from, 0, `attempt ${attempt}`);
    range.failed();
  }
  stage.append(criLine(3));
  stage.watcher.check();
  assert.equal(reader.text(), criLine(3));
  assert.equal(stage.lost, criLines(1, 2).length);
});

Deno.test("a slow reader behind many rotations holds few descriptors and loses nothing", async () => {
  await using stage = new FollowedFolder();
  const before = openDescriptors();
  stage.append(criLine(1));
  const reader = stage.follow();
  for (let i = 2; i <= 30; i++) {
    stage.rotate(`20261123-1015${i + 10}`);
    stage.append(criLine(i));
    stage.pass(0);
    stage.pass(3000);
  }
  assert(openDescriptors() - before <= 12, `${openDescriptors() - before} descriptors`);
  const old = `${stage.log}.20261123-101530`;
  Deno.writeFileSync(`${old}.gz`, gzipSync(Deno.readFileSync(old)));
  Deno.removeSync(old);
  assert.equal(reader.text(), criLines(1, 30));
  assert.equal(stage.lost, 0);
  assert.equal(openDescriptors() - before, 1);
});

Deno.test("an empty file is recognized as Docker's once its first line is", async () => {
  await using stage = new FollowedFolder();
  const reader = stage.follow();
  stage.append('{"log":"a\\n","stream":"stdout","time":"2026-11-23T10:00:00Z"}\n');
  stage.watcher.check();
  const range = reader.range();
  assert(typeof range === "object");
  assert.equal(range.source.format, "docker");
});
