import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { gunzipSync, gzipSync } from "node:zlib";
import { atLine } from "../../../src/files/appended_range.ts";
import { examineText } from "../../harness/examine.ts";
import { inMemory } from "../../../src/scan/byte_source.ts";
import { FollowedFolder } from "../../harness/followed_folder.ts";
import { criLine, criLines, logName, MemoryLog } from "../../harness/memory_log.ts";

Deno.test("a large compressed file was inflated on the event loop: it is examined elsewhere, and its lines wait for that", async () => {
  const asked: string[] = [];
  const examined = Promise.withResolvers<void>();
  await using stage = new FollowedFolder({
    async examine({ path }, range) {
      asked.push(path);
      await examined.promise;
      return examineText(inMemory(gunzipSync(Deno.readFileSync(path))), range);
    },
  });
  stage.append(criLine(1));
  const reader = stage.follow();
  assert.equal(reader.text(), criLine(1));
  stage.rotate("20261123-101541");
  const large = criLines(2, 10_000);
  Deno.writeFileSync(`${stage.log}.20261123-101542.gz`, gzipSync(large));
  stage.append(criLine(10_001));
  for (let i = 0; i < 5; i++) stage.pass(1000);
  assert.equal(reader.range(), "waiting");
  assert.equal(asked.length, 1);
  examined.resolve();
  while (reader.range() === "waiting") {
    await new Promise((resolve) => setImmediate(resolve));
    stage.pass(100);
  }
  const range = reader.range();
  assert(typeof range === "object");
  assert.equal(range.source.compressed?.path, `${stage.log}.20261123-101542.gz`);
  assert.deepEqual([range.from, range.to], [0, large.length]);
  range.given(atLine(range.to));
  stage.pass(3000);
  assert.equal(reader.text(), criLine(10_001));
  assert.equal(stage.lost, 0);
});

Deno.test("a compressed file that nobody can inflate holds the log up for a while, then counts as lost", async () => {
  await using stage = new FollowedFolder({ examine: () => Promise.reject(new Error("no worker")) });
  stage.append(criLine(1));
  const reader = stage.follow();
  assert.equal(reader.text(), criLine(1));
  stage.rotate("20261123-101541");
  const compressed = gzipSync(criLines(2, 10_000));
  Deno.writeFileSync(`${stage.log}.20261123-101542.gz`, compressed);
  stage.append(criLine(10_001));
  let text = "";
  for (let i = 0; i < 60 && text === ""; i++) {
    stage.pass(1000);
    await new Promise((resolve) => setImmediate(resolve));
    text = reader.text();
  }
  assert.equal(text, criLine(10_001));
  assert.equal(stage.lost, compressed.length);
});

Deno.test("the lines that a check has read are at hand while followers are woken, and no longer", () => {
  using log = new MemoryLog();
  const atHand: (boolean | undefined)[] = [];
  const follower = log.follows.follow(logName, "beginning", () => {
    atHand.push(follower.take()?.bytes instanceof Uint8Array);
  });
  log.append(criLine(1));
  log.check();
  assert.deepEqual(atHand, [true]);
  assert.equal(follower.take()?.bytes, null);
});

Deno.test("regression: all followers of a log were served in one turn of the event loop", () => {
  using log = new MemoryLog();
  const served: number[] = [];
  const followers = Array.from({ length: 10 }, (_, i) => {
    const follower = log.follows.follow(logName, "end", () => {
      const range = follower.take();
      if (range === null) return;
      served.push(i);
      log.clock.skip(1);
      range.given(atLine(range.to));
    });
    return follower;
  });
  log.append(criLine(1));
  log.check();
  assert.deepEqual(served, [0, 1, 2, 3]);
  followers[5]?.[Symbol.dispose]();
  log.clock.advance(0);
  assert.deepEqual(served, [0, 1, 2, 3, 4, 6, 7, 8], "who is gone is not served");
  log.clock.advance(0);
  assert.equal(served.length, 9);
});

Deno.test("regression: what falls due after a rotation was taken for a change without an event, and the log polled", () => {
  using log = new MemoryLog();
  log.append(criLine(1));
  using _follower = log.follows.follow(logName, "beginning", () => {});
  log.rename(".1");
  assert.deepEqual(log.check("event"), [true]);
  // The old file is settled and finished at ticks that come before their timers.
  for (const ms of [49, 1, 1949, 1]) {
    log.files.now += ms;
    log.clock.skip(ms);
    assert.deepEqual(log.check("tick"), [false]);
  }
  log.append(criLine(2));
  assert.deepEqual(log.check("tick"), [true]);
});
