import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { listLogs } from "../../../src/metadata/list.ts";

function withFolder(body: (folder: string) => void) {
  const folder = Deno.makeTempDirSync({ prefix: "list-" });
  try {
    body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const list = (folder: string, namespaces: string[] = []) =>
  listLogs({
    roots: { containerLogsDir: `${folder}/containers`, logRoots: [] },
    nodeName: "node-1",
    namespaces,
  });

Deno.test("links with a log's name and a file behind them are listed with the target's size and time", () => {
  withFolder((folder) => {
    Deno.mkdirSync(`${folder}/containers`);
    Deno.mkdirSync(`${folder}/dir`);
    Deno.writeTextFileSync(`${folder}/a`, "12345");
    Deno.utimeSync(`${folder}/a`, 1727800000.25, 1727800000.25);
    const link = (target: string, name: string) =>
      Deno.symlinkSync(target, `${folder}/containers/${name}`);
    link("../a", "p1_ns1_c-id1.log");
    link("../a", "p2_ns2_c-id2.log");
    link("../gone", "p3_ns1_c-id3.log");
    link("../dir", "p4_ns1_c-id4.log");
    link("../a", "not-a-log-name.log");
    Deno.writeTextFileSync(`${folder}/containers/p5_ns3_c-x-id5.log`, "");

    assert.deepEqual(list(folder).map((item) => item.id).sort(), ["id1", "id2", "id5"]);
    assert.deepEqual(list(folder, ["ns1"]), [{
      id: "id1",
      spec: {
        node_name: "node-1",
        namespace: "ns1",
        pod_name: "p1",
        container_name: "c",
        container_id: "id1",
      },
      fileInfo: { size: 5n, last_modified_at: { seconds: 1727800000n, nanos: 250_000_000 } },
    }]);
    assert.deepEqual(list(folder, ["ns3", "ns2", "ns2"]).map((item) => item.id).sort(), [
      "id2",
      "id5",
    ]);
  });
});

Deno.test("a missing log folder is a Failure that names it", () => {
  withFolder((folder) => {
    assert.throws(
      () => list(folder),
      (e) =>
        e instanceof Failure && e.kind === "not-found" &&
        e.message.includes(`${folder}/containers`),
    );
  });
});

Deno.test("a time before the epoch keeps its fraction positive", () => {
  withFolder((folder) => {
    Deno.mkdirSync(`${folder}/containers`);
    const path = `${folder}/containers/p_ns_c-id.log`;
    Deno.writeTextFileSync(path, "");
    Deno.utimeSync(path, new Date(-1500), new Date(-1500));
    assert.deepEqual(list(folder)[0]?.fileInfo?.last_modified_at, {
      seconds: -2n,
      nanos: 500_000_000,
    });
  });
});
