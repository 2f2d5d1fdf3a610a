import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { LogMetadataList } from "../../../src/generated/cluster_agent.ts";
import { LogLister } from "../../../src/metadata/list.ts";

async function withFolder(body: (folder: string) => Promise<void>) {
  const folder = Deno.makeTempDirSync({ prefix: "list-" });
  try {
    await body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const listerOf = (folder: string) =>
  new LogLister({
    roots: { containerLogsDir: `${folder}/containers`, logRoots: [] },
    nodeName: "node-1",
  });

async function list(folder: string, namespaces: string[] = []) {
  const { bytes, count } = await listerOf(folder).list(namespaces);
  const { items } = LogMetadataList.decode(bytes);
  assert.equal(items.length, count);
  return items;
}

Deno.test("links with a log's name and a target file are listed with the target's size and time", async () => {
  await withFolder(async (folder) => {
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

    assert.deepEqual((await list(folder)).map((item) => item.id).sort(), ["id1", "id2", "id5"]);
    assert.deepEqual(await list(folder, ["ns1"]), [{
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
    assert.deepEqual((await list(folder, ["ns3", "ns2", "ns2"])).map((item) => item.id).sort(), [
      "id2",
      "id5",
    ]);
  });
});

Deno.test("a missing log folder is a Failure that names it", async () => {
  await withFolder(async (folder) => {
    await assert.rejects(
      list(folder),
      (e) =>
        e instanceof Failure && e.kind === "not-found" &&
        e.message.includes(`${folder}/containers`),
    );
  });
});

Deno.test("a time before the epoch keeps its fraction positive", async () => {
  await withFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/containers`);
    const path = `${folder}/containers/p_ns_c-id.log`;
    Deno.writeTextFileSync(path, "");
    Deno.utimeSync(path, new Date(-1500), new Date(-1500));
    assert.deepEqual((await list(folder))[0]?.fileInfo?.last_modified_at, {
      seconds: -2n,
      nanos: 500_000_000,
    });
  });
});

Deno.test("equal Lists share one answer, but never one that was begun before they asked", async () => {
  await withFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/containers`);
    const add = (id: string) => Deno.writeTextFileSync(`${folder}/containers/p_ns_c-${id}.log`, "");
    add("id1");
    const lister = listerOf(folder);
    const [first, second] = [lister.list([]), lister.list([])];
    assert.equal(await first, await second);
    add("id2");
    const later = lister.list([]);
    assert.notEqual(await later, await first);
    assert.equal((await later).count, 2);
    assert.equal((await lister.list(["other"])).count, 0);
  });
});

Deno.test("regression: a first List held the event loop for all links, and one that nobody waited for ran to its end", async () => {
  await withFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/containers`);
    for (let i = 0; i < 200; i++) {
      Deno.writeTextFileSync(`${folder}/containers/p_ns_c-id${i}.log`, "");
    }
    const roots = { containerLogsDir: `${folder}/containers`, logRoots: [] };
    const lister = new LogLister({ roots, nodeName: "node-1", sliceMs: 0 });
    let turns = 0;
    let isDone = false;
    const listed = lister.list([]).then(({ count }) => {
      isDone = true;
      return count;
    });
    for (; !isDone; turns++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await listed, 200);
    assert.ok(turns >= 200 / 32 + 200 / 64, `${turns} turns`);

    const [one, two] = [new AbortController(), new AbortController()];
    const shared = [lister.list([], one.signal), lister.list([], two.signal)];
    one.abort();
    await new Promise((resolve) => setImmediate(resolve));
    two.abort();
    for (const list of shared) await assert.rejects(list, { name: "AbortError" });
    const [kept, left] = [lister.list([]), lister.list([], one.signal)];
    assert.equal((await kept).count, 200, "one of its callers is there");
    await left;
  });
});

Deno.test("a List after one that failed is answered for itself", async () => {
  await withFolder(async (folder) => {
    const lister = listerOf(folder);
    await assert.rejects(lister.list([]), Failure);
    Deno.mkdirSync(`${folder}/containers`);
    assert.equal((await lister.list([])).count, 0);
  });
});

Deno.test("large sizes and times come out as the generated code reads them", async () => {
  await withFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/containers`);
    const path = `${folder}/containers/p_ns_c-id.log`;
    for (const [size, seconds] of [[0, 0], [127, 1], [128, 127.5], [2 ** 40, 4_294_967_296]]) {
      Deno.writeTextFileSync(path, "");
      Deno.truncateSync(path, size!);
      Deno.utimeSync(path, seconds!, seconds!);
      const [item] = await list(folder);
      assert.equal(item?.fileInfo?.size, BigInt(size!));
      const { seconds: whole, nanos } = item!.fileInfo!.last_modified_at!;
      assert.equal(Number(whole) + nanos / 1e9, seconds);
    }
  });
});
