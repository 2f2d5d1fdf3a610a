import assert from "node:assert/strict";
import { LiveLog } from "../../../src/demo/live_log.ts";
import { parseLogFileName } from "../../../src/files/name.ts";

Deno.test("the live log is written at its link, and rotated as the kubelet does: renamed and recreated", () => {
  const dir = Deno.makeTempDirSync({ prefix: "live-" });
  try {
    const containerLogsDir = `${dir}/containers`;
    Deno.mkdirSync(containerLogsDir);
    const live = new LiveLog({ containerLogsDir, logRoots: [] }, dir);
    const [link] = [...Deno.readDirSync(containerLogsDir)];
    const name = parseLogFileName(link!.name);
    assert.deepEqual(
      [name?.namespace, name?.podName, name?.containerName],
      [live.namespace, live.pod, live.container],
    );
    const path = `${containerLogsDir}/${link!.name}`;
    live.write();
    live.write();
    const first = Deno.readTextFileSync(path);
    assert.match(first, /^20\S+Z stdout F order 1 shipped\n20\S+Z stdout F order 2 shipped\n$/);
    const folder = Deno.realPathSync(path).replace(/\/[^/]*$/, "");
    const old = live.rotate();
    assert.match(old, /^0\.log\.\d{8}-\d{6}$/);
    assert.equal(Deno.readTextFileSync(`${folder}/${old}`), first);
    assert.equal(Deno.readTextFileSync(path), "");
    live.write();
    assert.match(Deno.readTextFileSync(path), /order 3 shipped\n$/);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
