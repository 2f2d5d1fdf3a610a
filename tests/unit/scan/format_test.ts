import assert from "node:assert/strict";
import { detectFormat } from "../../../src/scan/format.ts";

const CRI = new TextEncoder().encode("2024-10-01T05:40:46.960135302Z stdout F x\n");
const DOCKER = new TextEncoder().encode('{"log":"x\\n"}\n');

Deno.test("the name of the real file decides, then its first byte", () => {
  assert.equal(detectFormat("/var/lib/docker/containers/ab/ab-json.log", CRI), "docker");
  assert.equal(
    detectFormat("/var/lib/docker/containers/ab/ab-json.log", new Uint8Array(0)),
    "docker",
  );
  assert.equal(detectFormat("/var/lib/docker/containers/ab/ab-json.log.1", DOCKER), "docker");
  assert.equal(detectFormat("/var/log/pods/a_b_c/d/0.log", DOCKER), "docker");
  assert.equal(detectFormat("/var/log/pods/a_b_c/d/0.log", CRI), "cri");
  assert.equal(detectFormat("/var/log/pods/a_b_c/d/0.log", new Uint8Array(0)), "cri");
  assert.equal(detectFormat("/var/log/pods/a_b_c/x-json.log.d/0.log", CRI), "cri");
});
