import type { ByteSource } from "../../../src/scan/byte_source.ts";
import { type LinePolicy, linePolicy } from "../../../src/scan/line_policy.ts";
import { type LinePosition, readLines } from "../../../src/scan/line_reader.ts";

export function source(bytes: Uint8Array): ByteSource & { most: number } {
  return {
    size: bytes.length,
    most: 0,
    readAt(offset, into) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      this.most = Math.max(this.most, into.length);
      return part.length;
    },
  };
}

export const encode = (text: string) => new TextEncoder().encode(text);

export const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

export const policy = (
  direction: "forward" | "backward",
  format: "cri" | "docker" = "cri",
): LinePolicy => linePolicy({ format, direction, maxRecordBytes: 1_100_000 });

export const range = (from: number, to: number, end: number, first = 0): LinePosition => ({
  from,
  to,
  end,
  first,
  line: null,
});

/** All lines of a range in the order of the direction, each as it is delivered. */
export function allLines(
  of: ByteSource,
  position: LinePosition,
  how: LinePolicy,
  blockBytes: () => number,
): { lines: string[]; malformed: number; largest: number } {
  const buffer = { bytes: new Uint8Array(0) };
  const lines: string[] = [];
  let malformed = 0;
  let largest = 0;
  for (let next: LinePosition | null = position; next !== null;) {
    const chunk = readLines(of, next, how, blockBytes(), buffer);
    malformed += chunk.malformed;
    largest = Math.max(largest, buffer.bytes.length);
    const given = splitLines(decode(buffer.bytes.subarray(0, chunk.length)));
    lines.push(...(how.direction === "forward" ? given : given.reverse()));
    // Only plain data can be sent to a worker.
    next = chunk.next === null ? null : structuredClone(chunk.next);
  }
  return { lines, malformed, largest };
}

export function splitLines(text: string): string[] {
  const lines = text.split("\n").map((line) => `${line}\n`);
  const last = lines.pop()!.slice(0, -1);
  return last === "" ? lines : [...lines, last];
}
