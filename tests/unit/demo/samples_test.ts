import assert from "node:assert/strict";
import { cannotExamine } from "../../harness/examine.ts";
import { layOutSamples } from "../../../src/demo/samples.ts";
import { filesOf, isNoContainerLog, openInput } from "../../../src/local_search/inputs.ts";
import { parseLogFileName } from "../../../src/files/name.ts";

Deno.test("the samples lie as on a node: links with the kubelet's names lead to logs within the roots", () => {
  const dir = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "samples-" }));
  try {
    const { containerLogsDir, logRoots } = layOutSamples(dir);
    const links = [...Deno.readDirSync(containerLogsDir)];
    assert.equal(links.length, 3);
    for (const { name, isSymlink } of links) {
      assert.ok(isSymlink);
      assert.notEqual(parseLogFileName(name), null, name);
      const real = Deno.realPathSync(`${containerLogsDir}/${name}`);
      assert.ok(logRoots.some((root) => real.startsWith(`${root}/`)), real);
    }
    const formats = new Set<string>();
    for (const file of filesOf(containerLogsDir)) {
      using source = openInput(file, cannotExamine);
      assert.equal(isNoContainerLog(source), false, file);
      formats.add(source.format);
    }
    assert.deepEqual([...formats].sort(), ["cri", "docker"]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
