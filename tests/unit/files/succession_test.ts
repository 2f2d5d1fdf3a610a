import assert from "node:assert/strict";
import { criLine, MemoryLog } from "../../harness/memory_log.ts";

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
  // Nothing was seen of this file, so only the copy tells that it was truncated.
  log.append(criLine(2));
  log.copyTruncate(".1");
  log.append(criLine(3));
  assert.equal(log.files.lstat(`${log.path}.1`).ino, inode, "the inode number is not used again");
  log.check();
  log.pass(100);
  assert.equal(reader.text(), criLine(2) + criLine(3));
});
