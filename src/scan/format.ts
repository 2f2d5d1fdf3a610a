import { afterNuls } from "./lines.ts";

/** The format of a log file: that of CRI runtimes or that of Docker's json-file driver. */
export type LogFormat = "cri" | "docker";

/** The name of a Docker log, or of one of its rotated files (`-json.log.1`, `-json.log-20241001.gz`). */
const DOCKER_NAME = /-json\.log(?:[.-][^/]*)?$/;
const LF = 0x0a;
const BRACE = 0x7b;

/**
 * Detects a log's format: a real path that ends in `-json.log`, and every rotated file of such a log, is Docker's;
 * otherwise the first non-empty line decides (`{` is Docker). Null: these bytes do not contain such a line yet.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { detectFormat } from "./format.ts";
 *
 * const bytesOf = (text: string) => new TextEncoder().encode(text);
 * assert.equal(detectFormat("/var/log/pods/x/0.log", bytesOf('{"log":"')), "docker");
 * assert.equal(detectFormat("/var/log/pods/x/0.log", bytesOf("2024-10")), "cri");
 * assert.equal(detectFormat("/var/log/pods/x/0.log", bytesOf("")), null);
 * ```
 */
export function detectFormat(realPath: string, firstBytes: Uint8Array): LogFormat | null {
  if (DOCKER_NAME.test(realPath)) return "docker";
  for (let at = 0; at < firstBytes.length; at++) {
    at = afterNuls(firstBytes, at, firstBytes.length);
    const byte = firstBytes[at];
    if (byte === undefined) return null;
    if (byte === LF) continue;
    return byte === BRACE ? "docker" : "cri";
  }
  return null;
}
