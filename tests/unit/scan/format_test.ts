import assert from "node:assert/strict";
import { detectFormat } from "../../../src/scan/format.ts";

const CRI = "2024-10-01T05:40:46.960135302Z stdout F x\n";
const DOCKER = '{"log":"x\\n"}\n';

Deno.test("the name of the real file decides, then its first line that is not empty", () => {
  const docker = "/var/lib/docker/containers/ab/ab-json.log";
  const pod = "/var/log/pods/a_b_c/d/0.log";
  const cases: [string, string, "cri" | "docker" | null][] = [
    [docker, CRI, "docker"],
    [docker, "", "docker"],
    [`${docker}.1`, "\n", "docker"],
    [`${docker}.2.gz`, CRI, "docker"],
    [`${docker}-20241001.gz`, CRI, "docker"],
    [pod, DOCKER, "docker"],
    [pod, CRI, "cri"],
    [`${pod}.20241123-101530`, `\n\n${DOCKER}`, "docker"],
    [pod, `\n\0\0\n\0${DOCKER}`, "docker"],
    [pod, `\0\0${CRI}`, "cri"],
    [pod, "", null],
    [pod, "\n\0\n\0", null],
    ["/var/log/pods/a_b_c/x-json.log.d/0.log", CRI, "cri"],
  ];
  for (const [path, text, expected] of cases) {
    assert.equal(detectFormat(path, new TextEncoder().encode(text)), expected, path + text);
  }
});
