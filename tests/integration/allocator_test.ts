import assert from "node:assert/strict";
import { findJemalloc } from "../../hack/allocator.ts";
import { startProcess } from "../harness/process.ts";

const jemalloc = findJemalloc();

Deno.test({
  name: "an agent runs with the image's allocator and its settings",
  ignore: jemalloc === null,
  async fn() {
    await using agent = await startProcess();
    assert.match(read(`/proc/${agent.pid}/maps`), /\/libjemalloc\.so\.2$/m);
    assert.match(read(`/proc/${agent.pid}/environ`), /\0MALLOC_CONF=[^\0]*narenas:1,/);
  },
});

if (jemalloc === null) {
  console.log("skipped: no jemalloc here, and hack/jemalloc.sh has not fetched it");
}

/** The runtime reads /proc only with all permissions, hence the command. */
function read(path: string): string {
  const { stdout } = new Deno.Command("cat", { args: [path] }).outputSync();
  return new TextDecoder().decode(stdout);
}
