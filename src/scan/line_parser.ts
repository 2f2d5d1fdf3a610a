import { CriParser } from "./cri.ts";
import { DockerParser } from "./docker.ts";
import type { LogFormat } from "./format.ts";
import type { LineParser } from "./lines.ts";

/**
 * Creates a parser for lines of the format.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { lineParser } from "./line_parser.ts";
 *
 * const line = new TextEncoder().encode("2024-10-01T05:40:46Z stdout F hello");
 * const parser = lineParser("cri");
 * assert.ok(parser.parse(line, 0, line.length));
 * assert.equal(parser.start, 30);
 * assert.ok(!lineParser("docker").parse(line, 0, line.length));
 * ```
 */
export function lineParser(format: LogFormat): LineParser {
  return format === "docker" ? new DockerParser() : new CriParser();
}
