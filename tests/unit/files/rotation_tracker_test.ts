import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { FollowedFolder } from "../../harness/followed_folder.ts";
import { criLine, criLines } from "../../harness/memory_log.ts";

Deno.test("a link that leads out of the roots later ends the follow with a refusal", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1));
  const reader = stage.follow();
  Deno.removeSync(stage.link);
  Deno.symlinkSync("/etc/passwd", stage.link);
  stage.pass(100);
  assert.equal(reader.text(), criLine(1));
  stage.pass(1000);
  stage.pass(1100);
  assert.throws(
    () => reader.text(),
    (e) => e instanceof Failure && e.kind === "permission-denied",
  );
});

Deno.test("link and file gone for two seconds: drained with the half last line, then the end", async () => {
  await using stage = new FollowedFolder();
  const reader = stage.follow();
  stage.append(criLine(1) + "half");
  Deno.removeSync(stage.link);
  Deno.removeSync(stage.log);
  stage.watcher.check();
  assert.equal(reader.text(), criLine(1));
  stage.pass(1900);
  assert.equal(reader.text(), "");
  stage.clock.advance(200);
  assert.equal(reader.text(), "half(end)");
});

Deno.test("a link without its file, or a file without its link, does not end the log", async (t) => {
  await t.step("the file goes, the link stays", async () => {
    await using stage = new FollowedFolder();
    const reader = stage.follow();
    Deno.removeSync(stage.log);
    stage.pass(1000);
    stage.pass(60_000);
    assert.equal(reader.text(), "");
    stage.append(criLine(1));
    stage.pass(1000);
    stage.pass(1000);
    assert.equal(reader.text(), criLine(1));
  });
  await t.step("the link goes, the file stays", async () => {
    await using stage = new FollowedFolder();
    const reader = stage.follow();
    Deno.removeSync(stage.link);
    stage.pass(1000);
    stage.pass(60_000);
    stage.append(criLine(1));
    stage.watcher.check();
    assert.equal(reader.text(), criLine(1));
  });
});

Deno.test("a log that reappears within two seconds continues", async () => {
  await using stage = new FollowedFolder();
  const reader = stage.follow();
  stage.append(criLine(1));
  stage.watcher.check();
  Deno.removeSync(stage.link);
  Deno.removeSync(stage.log);
  stage.pass(1500);
  stage.append(criLine(2));
  Deno.symlinkSync(stage.log, stage.link);
  stage.pass(100);
  stage.pass(100);
  assert.equal(reader.text(), criLines(1, 2));
});

Deno.test("after a rotation the old file's last lines come before the new file's", async () => {
  await using stage = new FollowedFolder();
  const reader = stage.follow();
  stage.append(criLine(1));
  stage.rotate("20261123-101530");
  stage.append(criLine(3));
  stage.watcher.check();
  assert.equal(reader.text(), criLine(1), "the new file waits until the old one is settled");
  stage.append(criLine(2), `${stage.log}.20261123-101530`);
  stage.clock.advance(60);
  assert.equal(reader.text(), criLines(2, 3));
});

Deno.test("a line written to the old file even later is delivered late, but delivered", async () => {
  await using stage = new FollowedFolder();
  const reader = stage.follow();
  stage.append(criLine(1));
  stage.rotate("20261123-101530");
  stage.append(criLine(3));
  stage.pass(0);
  stage.pass(100);
  assert.equal(reader.text(), criLine(1) + criLine(3));
  stage.append(criLine(2), `${stage.log}.20261123-101530`);
  stage.pass(1000);
  assert.equal(reader.text(), criLine(2));
  stage.pass(3000);
  assert.equal(reader.text(), "");
});

Deno.test("an unterminated line at a rotation waits half a second for its end", async () => {
  await using stage = new FollowedFolder();
  const reader = stage.follow();
  stage.append("half");
  stage.rotate("20261123-101530");
  stage.append(criLine(2));
  stage.pass(0);
  stage.pass(100);
  assert.equal(reader.text(), "");
  stage.append(" line\n", `${stage.log}.20261123-101530`);
  stage.pass(10);
  assert.equal(reader.text(), "half line\n" + criLine(2));
});

Deno.test("regression: an unterminated line that was given out hides a file from its being found again by path", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1));
  const reader = stage.follow();
  let written = criLine(1);
  for (let i = 2; i <= 14; i++) {
    stage.append("half");
    stage.rotate(`20261123-1015${i + 10}`);
    stage.append(criLine(i));
    written += "half" + criLine(i);
    stage.pass(0);
    stage.pass(3000);
  }
  assert.equal(reader.text(), written);
  assert.equal(stage.lost, 0);
});

Deno.test("regression: a new text of the same size and time is a truncation all the same", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1));
  const time = new Date("2026-11-23T10:00:00Z");
  Deno.utimeSync(stage.log, time, time);
  const reader = stage.follow();
  assert.equal(reader.text(), criLine(1));
  Deno.writeTextFileSync(stage.log, criLine(2));
  Deno.utimeSync(stage.log, time, time);
  stage.watcher.check();
  assert.equal(reader.text(), criLine(2));
});

Deno.test("regression: a file that was empty when it was rotated is kept open until its last line may have come", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1));
  const reader = stage.follow();
  for (let i = 1; i <= 12; i++) {
    stage.rotate(`20261123-1015${i + 10}`);
    stage.watcher.check();
  }
  stage.append(criLine(2), `${stage.log}.20261123-101522`);
  stage.pass(10);
  stage.pass(100);
  assert.equal(reader.text(), criLines(1, 2));
});

Deno.test("regression: a follower that joins during a rotation misses no line still written to the old file", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1));
  const first = stage.follow();
  assert.equal(first.text(), criLine(1));
  Deno.renameSync(stage.log, `${stage.log}.20261123-101530`);
  const joined = stage.follow("end");
  stage.append(criLine(2), `${stage.log}.20261123-101530`);
  stage.append(criLine(3));
  stage.pass(0);
  stage.pass(100);
  assert.equal(first.text(), criLines(2, 3));
  assert.equal(joined.text(), criLines(2, 3));
});
