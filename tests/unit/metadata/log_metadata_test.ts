import assert from "node:assert/strict";
import { fileInfo, logMetadata } from "../../../src/metadata/log_metadata.ts";
import { stat } from "../../../src/platform/files.ts";

Deno.test("a log is described by the names in its link; its id is the container's", () => {
  const name = {
    podName: "web-0",
    namespace: "default",
    containerName: "app",
    containerId: "0a1b",
  };
  assert.deepEqual(logMetadata("node-1", name as never, undefined), {
    id: "0a1b",
    spec: {
      node_name: "node-1",
      namespace: "default",
      pod_name: "web-0",
      container_name: "app",
      container_id: "0a1b",
    },
    fileInfo: undefined,
  });
});

Deno.test("size and time of a file are those of its stat, to the millisecond at least", () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, "12345");
    Deno.utimeSync(path, 1727758800, 1727758800.25);
    const info = fileInfo({ path, facts: stat(path) });
    assert.deepEqual(info, {
      size: 5n,
      last_modified_at: { seconds: 1727758800n, nanos: 250_000_000 },
    });
  } finally {
    Deno.removeSync(path);
  }
});
