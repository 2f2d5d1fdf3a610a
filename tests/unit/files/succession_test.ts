import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { FollowedFolder } from "../../harness/followed_folder.ts";
import { criLine, criLines, MemoryLog } from "../../harness/memory_log.ts";

Deno.test("rotations that nobody saw are chained, compressed ones too", async (t) => {
  await t.step("kubelet's names", async () => {
    await using stage = new FollowedFolder();
    stage.append(criLine(1));
    stage.rotate("20261123-101530"); // Before the follow, so not part of it.
    stage.append(criLine(2));
    const reader = stage.follow();
    for (let i = 3; i <= 6; i++) {
      stage.rotate(`20261123-10154${i}`);
      stage.append(criLine(i));
    }
    const old = `${stage.log}.20261123-101544`;
    Deno.writeFileSync(`${old}.gz`, gzipSync(Deno.readFileSync(old)));
    Deno.removeSync(old);
    stage.pass(0);
    stage.pass(100);
    assert.equal(reader.text(), criLines(2, 6));
  });
  await t.step("Docker's numbers", async () => {
    await using stage = new FollowedFolder();
    stage.append(criLine(1));
    const shift = (to: number) => {
      for (let n = to; n > 1; n--) Deno.renameSync(`${stage.log}.${n - 1}`, `${stage.log}.${n}`);
      stage.rotate("1");
    };
    shift(1);
    stage.append(criLine(2));
    const reader = stage.follow();
    for (let i = 3; i <= 13; i++) {
      shift(i - 1);
      stage.append(criLine(i));
    }
    stage.pass(0);
    stage.pass(100);
    assert.equal(reader.text(), criLines(2, 13));
  });
});

Deno.test("an inode that is used again is no known file: unseen rotations are chained all the same", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1));
  stage.rotate("20261123-101530");
  stage.append(criLine(2));
  const reader = stage.follow();
  assert.equal(reader.text(), criLine(2));
  // The file system reuses the inode of the removed file for the next one.
  Deno.removeSync(`${stage.log}.20261123-101530`);
  stage.rotate("20261123-101531");
  stage.append(criLine(3));
  stage.rotate("20261123-101532");
  stage.append(criLine(4));
  stage.pass(0);
  stage.pass(100);
  assert.equal(reader.text(), criLines(3, 4));
});

Deno.test("rotated files that are links are not read", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1));
  const reader = stage.follow();
  Deno.writeTextFileSync(`${stage.root}/secret`, "secret\n");
  stage.rotate("20261123-101530");
  Deno.symlinkSync(`${stage.root}/secret`, `${stage.log}.20261123-101531`);
  Deno.symlinkSync(`${stage.root}/secret`, `${stage.log}.1`);
  stage.append(criLine(2));
  stage.pass(0);
  stage.pass(100);
  assert.equal(reader.text(), criLines(1, 2));
});

Deno.test("copy and truncate: unread bytes are taken from the copy", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1));
  const reader = stage.follow();
  assert.equal(reader.text(), criLine(1));
  stage.append(criLine(2));
  stage.watcher.check();
  stage.append(criLine(3)); // Never seen.
  Deno.copyFileSync(stage.log, `${stage.log}.1`);
  Deno.truncateSync(stage.log);
  stage.append(criLine(4));
  stage.watcher.check();
  assert.equal(reader.text(), criLines(2, 4));
  assert.equal(stage.lost, 0);
});

Deno.test("truncated and written again to more than before: told by the changed bytes", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLines(1, 2));
  const reader = stage.follow();
  assert.equal(reader.text(), criLines(1, 2));
  Deno.truncateSync(stage.log);
  stage.append(criLines(11, 19));
  stage.watcher.check();
  assert.equal(reader.text(), criLines(11, 19));
  assert.equal(stage.lost, 0);
});

Deno.test("truncated without a copy: bytes that were seen but not read count as lost", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1));
  const reader = stage.follow();
  assert.equal(reader.text(), criLine(1));
  stage.append(criLines(2, 3) + "half");
  stage.watcher.check();
  Deno.truncateSync(stage.log);
  stage.append(criLine(4));
  stage.watcher.check();
  assert.equal(reader.text(), criLine(4));
  assert.equal(stage.lost, criLines(2, 3).length + 4);
});

Deno.test("a file of another log is no copy, however it begins", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLines(1, 30));
  const reader = stage.follow("end");
  stage.append(criLines(31, 32));
  stage.watcher.check();
  Deno.writeTextFileSync(`${stage.log}.1`, criLines(1, 29) + criLine(59) + criLines(31, 40));
  Deno.truncateSync(stage.log);
  stage.watcher.check();
  assert.equal(reader.text(), "");
  assert.equal(stage.lost, criLines(31, 32).length);
});

Deno.test("regression: a file that got its first line only after it was rotated is no new one later", async () => {
  await using stage = new FollowedFolder();
  const reader = stage.follow();
  stage.rotate("1");
  stage.watcher.check();
  stage.append(criLine(1), `${stage.log}.1`);
  stage.pass(0);
  stage.pass(3000);
  assert.equal(reader.text(), criLine(1));
  stage.append(criLine(2));
  stage.watcher.check();
  Deno.removeSync(stage.log);
  stage.append(criLine(3));
  stage.pass(0);
  stage.pass(100);
  assert.equal(reader.text(), criLines(2, 3));
});

Deno.test("regression: a file that was copied, truncated and renamed between two looks is not its own copy", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1));
  const reader = stage.follow();
  stage.watcher.check();
  Deno.copyFileSync(stage.log, `${stage.log}.20261123-101530`);
  Deno.truncateSync(stage.log);
  stage.append(criLine(2));
  stage.rotate("20261123-101531");
  stage.append(criLine(3));
  stage.pass(0);
  stage.pass(100);
  assert.equal(reader.text(), criLines(1, 3));
});

Deno.test("regression: beginnings of less than a line's time make no file the copy of another", async () => {
  await using stage = new FollowedFolder();
  stage.append("2026-11-23T10:00");
  Deno.writeTextFileSync(`${stage.log}.1`, criLine(9));
  const reader = stage.follow();
  Deno.truncateSync(stage.log);
  stage.append(criLine(2));
  stage.watcher.check();
  assert.equal(reader.text(), criLine(2));
});

Deno.test("regression: that the clock went back is seen though the first file was never seen to hold a line", async () => {
  await using stage = new FollowedFolder();
  const reader = stage.follow();
  stage.append(criLine(1));
  Deno.copyFileSync(stage.log, `${stage.log}.20261123-100001`);
  Deno.truncateSync(stage.log);
  const earlier = criLine(2).replace("T10:", "T09:");
  stage.append(earlier);
  stage.watcher.check();
  Deno.removeSync(stage.log);
  stage.append("");
  // Still empty, and by its name older than a file that was read.
  const empty = `${stage.log}.20261123-090002`;
  Deno.renameSync(stage.log, empty);
  stage.append("");
  stage.watcher.check();
  const late = criLine(3).replace("T10:", "T09:");
  stage.append(late, empty);
  stage.pass(1000);
  assert.equal(reader.text(), criLine(1) + earlier + late);
});

Deno.test("regression: a copy with the name and inode number of a removed one was taken for that", () => {
  using log = new MemoryLog();
  const reader = log.follow();
  log.append(criLine(1));
  log.rename(".1");
  log.check();
  log.pass(100);
  assert.equal(reader.text(), criLine(1));
  log.pass(3000);
  assert.equal(reader.text(), "");
  const inode = log.files.lstat(`${log.path}.1`).ino;
  log.files.remove(`${log.path}.1`);
  // Nothing was seen of this file, so only the copy shows that it was truncated.
  log.append(criLine(2));
  log.copyTruncate(".1");
  log.append(criLine(3));
  assert.equal(log.files.lstat(`${log.path}.1`).ino, inode, "the inode number is not used again");
  log.check();
  log.pass(100);
  assert.equal(reader.text(), criLine(2) + criLine(3));
});

Deno.test("regression: a new file that was truncated while it was first read was taken for one that never held anything", () => {
  for (let calls = 0; calls < 80; calls++) {
    using log = new MemoryLog();
    const reader = log.follow();
    log.append(criLine(1));
    log.check();
    log.rename(".20261123-100001");
    log.append(criLine(2));
    let left = calls;
    const amid = () => {
      log.copyTruncate(".20261123-100002");
      log.append(criLine(3));
    };
    log.files.onCall = () => {
      if (left-- !== 0) return;
      log.files.onCall = () => {};
      amid();
    };
    log.check();
    const isDone = left < 0;
    log.files.onCall = () => {};
    if (!isDone) amid();
    log.copyTruncate(".20261123-100003");
    for (let i = 0; i < 6; i++) log.pass(500);
    assert.equal(reader.text(), criLines(1, 3), `after ${calls} calls`);
    if (!isDone) break;
  }
});

Deno.test("regression: when the clock was set back, rotated files that were empty to the end came again at each rotation", () => {
  using log = new MemoryLog();
  const reader = log.follow();
  for (const n of [1, 2, 3]) {
    log.rename(`.20261123-10000${n}`);
    log.check();
    for (let i = 0; i < 6; i++) log.pass(500);
    assert.equal(reader.text(), "");
  }
  log.append(criLine(10));
  log.check();
  log.append(criLine(5));
  log.check();
  log.rename(".20261123-100004");
  log.append(criLine(6));
  log.check();
  assert.equal(log.files.opened, 2, "empty files are open");
  for (let i = 0; i < 6; i++) log.pass(500);
  assert.equal(reader.text(), criLine(10) + criLine(5) + criLine(6));
});

/** What has happened when a check begins, and what happens during it. Both write lines in order, up to the number. */
const amidChecks: readonly [
  string,
  number,
  (log: MemoryLog) => void,
  (log: MemoryLog) => void,
][] = [
  ["a file of which nothing was seen is copied and truncated, then renamed", 2, (log) => {
    log.append(criLine(1));
    log.copyTruncate(".20261123-100001");
  }, (log) => {
    log.append(criLine(2));
    log.rename(".20261123-100002");
  }],
  ["a file is truncated, then once more", 3, (log) => {
    log.append(criLine(1));
    log.check();
    log.copyTruncate(".20261123-100001");
    log.append(criLine(2));
  }, (log) => {
    log.copyTruncate(".20261123-100002");
    log.append(criLine(3));
  }],
  ["a file is truncated, then once more and left empty", 2, (log) => {
    log.append(criLine(1));
    log.check();
    log.copyTruncate(".20261123-100001");
    log.append(criLine(2));
  }, (log) => log.copyTruncate(".20261123-100002")],
  [
    "a file gets its first line, then it is truncated",
    2,
    (log) => log.append(criLine(1)),
    (log) => {
      log.copyTruncate(".20261123-100001");
      log.append(criLine(2));
    },
  ],
  ["a file is replaced, and the new one truncated", 2, (log) => {
    log.append(criLine(1));
    log.check();
    log.rename(".20261123-100001");
    log.append(criLine(2));
  }, (log) => log.copyTruncate(".20261123-100002")],
  [
    "a file is truncated, then the numbers of the copies move on by one and it is truncated while empty",
    1,
    (log) => {
      log.append(criLine(1));
      log.copyTruncate(".1");
    },
    (log) => {
      log.files.rename(`${log.path}.1`, `${log.path}.2`);
      log.copyTruncate(".1");
    },
  ],
  ["a file is truncated, then written to and truncated once more", 2, (log) => {
    log.append(criLine(1));
    log.copyTruncate(".20261123-100001");
  }, (log) => {
    log.append(criLine(2));
    log.copyTruncate(".20261123-100002");
  }],
  ["a file is written to, truncated and written again", 2, () => {}, (log) => {
    log.append(criLine(1));
    log.copyTruncate(".20261123-100001");
    log.append(criLine(2));
  }],
  ["a file is written to, truncated, written again and replaced", 3, () => {}, (log) => {
    log.append(criLine(1));
    log.copyTruncate(".20261123-100001");
    log.append(criLine(2));
    log.rename(".20261123-100002");
    log.append(criLine(3));
  }],
  ["a file is replaced, then the numbers move on by one and the new one is replaced", 3, (log) => {
    log.append(criLine(1));
    log.rename(".1");
    log.append(criLine(2));
  }, (log) => {
    log.files.rename(`${log.path}.1`, `${log.path}.2`);
    log.rename(".1");
    log.append(criLine(3));
  }],
];

for (const [title, last, before, amid] of amidChecks) {
  Deno.test(`regression: before any line of a file was seen, amid a check: ${title}`, () => {
    for (let calls = 0; calls < 80; calls++) {
      using log = new MemoryLog();
      const reader = log.follow();
      log.check();
      before(log);
      let left = calls;
      log.files.onCall = () => {
        if (left-- !== 0) return;
        log.files.onCall = () => {};
        amid(log);
      };
      log.check();
      const isDone = left < 0;
      log.files.onCall = () => {};
      if (!isDone) amid(log);
      for (let i = 0; i < 6; i++) log.pass(500);
      assert.equal(reader.text(), criLines(1, last), `after ${calls} calls`);
      assert.deepEqual(log.lost, {});
      if (!isDone) break;
    }
  });
}
