import assert from "node:assert/strict";
import { linePolicy, MIN_PART_BYTES, partBytes } from "../../../src/scan/line_policy.ts";

Deno.test("a CRI line is held up to one part, a Docker line up to 16 MiB, less on the event loop", () => {
  const spec = { direction: "forward", maxRecordBytes: 100 } as const;
  const held = (format: "cri" | "docker", inline: boolean) =>
    linePolicy({ ...spec, format }, { inline }).heldBytes;
  assert.ok(held("cri", false) >= MIN_PART_BYTES);
  assert.equal(held("docker", false), 16 * 1024 * 1024);
  assert.equal(held("cri", true), 256 * 1024);
  assert.equal(held("docker", true), 256 * 1024);
});

Deno.test("a part holds at least one record", () => {
  assert.equal(partBytes({ maxRecordBytes: 16 }), MIN_PART_BYTES);
  assert.equal(partBytes({ maxRecordBytes: 4 * MIN_PART_BYTES }), 4 * MIN_PART_BYTES);
});
