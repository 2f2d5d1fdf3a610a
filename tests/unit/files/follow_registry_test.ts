import assert from "node:assert/strict";
import { openDescriptors } from "../../harness/open_descriptors.ts";
import { FollowedFolder } from "../../harness/followed_folder.ts";
import { criLine } from "../../harness/memory_log.ts";

Deno.test("a hundred followers share one descriptor, which goes with the last of them", async () => {
  await using stage = new FollowedFolder();
  const before = openDescriptors();
  stage.append(criLine(1));
  const readers = Array.from({ length: 100 }, () => stage.follow());
  for (const reader of readers) assert.equal(reader.text(), criLine(1));
  assert.equal(openDescriptors() - before, 1);
  assert.equal(stage.watcher.state.files, 1);
  for (const reader of readers) reader.follower[Symbol.dispose]();
  assert.equal(openDescriptors(), before);
  assert.equal(stage.watcher.state.files, 0);
  const followers = stage.events.filter((e) => e.type === "followers").map((e) => e.change);
  assert.equal(followers.reduce((a, b) => a + b, 0), 0);
  assert.deepEqual(stage.events.filter((e) => e.type === "followed-files").map((e) => e.count), [
    1,
    0,
  ]);
});

Deno.test("a follow that is disposed of gives everything back, before and after its log is there", async (t) => {
  for (const empty of [true, false]) {
    await t.step(empty ? "before" : "after", async () => {
      await using stage = new FollowedFolder({ empty });
      const reader = stage.follow();
      assert.equal(reader.text(), "");
      reader.follower[Symbol.dispose]();
      assert.equal(stage.watcher.state.files, 0);
      assert.equal(reader.text(), "(end)");
    });
  }
});

Deno.test("a new log of the same name is another after the old one has ended", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1));
  const slow = stage.follow();
  Deno.removeSync(stage.link);
  Deno.removeSync(stage.log);
  stage.pass(0);
  stage.pass(2100);
  stage.append(criLine(2));
  Deno.symlinkSync(stage.log, stage.link);
  const fresh = stage.follow();
  assert.equal(fresh.text(), criLine(2));
  assert.equal(slow.text(), criLine(1) + "(end)");
});
