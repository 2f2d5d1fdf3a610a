import assert from "node:assert/strict";
import { CriParser } from "../../../src/scan/cri.ts";
import { DockerParser } from "../../../src/scan/docker.ts";
import { lineParser } from "../../../src/scan/line_parser.ts";

Deno.test("each format has its parser, a new one each time: a parser holds the line parsed last", () => {
  assert.ok(lineParser("cri") instanceof CriParser);
  assert.ok(lineParser("docker") instanceof DockerParser);
  assert.notEqual(lineParser("cri"), lineParser("cri"));
});
