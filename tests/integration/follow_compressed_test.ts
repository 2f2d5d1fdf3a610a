/** A compressed rotated file of a followed log: it is inflated in a worker, while others are served. */
import assert from "node:assert/strict";
import { createGzip } from "node:zlib";
import { pipeline } from "node:stream/promises";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { FollowFrom } from "../../src/generated/cluster_agent.ts";
import { drain, request } from "../harness/calls.ts";
import { criLine } from "../harness/log_tree.ts";
import { startProcess } from "../harness/process.ts";

const at = (second: number) => `2024-10-01T05:00:${String(second).padStart(2, "0")}Z`;
const INFLATED_MIB = 128;

Deno.test("a rotated file that inflates to a large size delays no other caller and loses no lines", async () => {
  await using agent = await startProcess();
  const log = agent.logs.add({ content: criLine(at(1), "first") });
  const small = agent.logs.add({ pod: "small", content: criLine(at(1), "small") });
  const follow = agent.records().streamForward(
    request({ ...log.request, follow_from: FollowFrom.DEFAULT, grep: "first|last|after" }),
  );
  const messages: string[] = [];
  const done = (async () => {
    for await (const { message } of follow) {
      messages.push(message);
      if (message === "first") await rotate(log.path);
      if (message === "after") break;
    }
  })();
  let reads = 0;
  let isDone = false;
  const served = (async () => {
    while (!isDone) {
      const { code } = await drain(agent.records().streamForward(request(small.request)));
      assert.equal(code, "OK");
      if (messages.length === 1) reads++;
    }
  })();
  await done;
  isDone = true;
  follow.cancel();
  await served;
  assert.deepEqual(messages, ["first", "last of the rotated file", "after"]);
  assert.ok(reads > 20, `another caller was served ${reads} times meanwhile`);
});

/** Rotates the log twice; the second file is already compressed. */
async function rotate(path: string): Promise<void> {
  const compressed = `${path}.20241001-050010.gz`;
  const line = criLine(at(5), "x".repeat(100));
  const block = Buffer.from(line.repeat(Math.floor(2 ** 20 / line.length)));
  const blocks = function* () {
    for (let i = 0; i < INFLATED_MIB; i++) yield block;
    yield Buffer.from(criLine(at(6), "last of the rotated file"));
  };
  const target = createWriteStream(`${compressed}.tmp`);
  await pipeline(Readable.from(blocks()), createGzip({ level: 1 }), target);
  Deno.writeTextFileSync(`${path}.new`, criLine(at(9), "after"));
  Deno.renameSync(`${compressed}.tmp`, compressed);
  Deno.renameSync(path, `${path}.20241001-050002`);
  Deno.renameSync(`${path}.new`, path);
}
