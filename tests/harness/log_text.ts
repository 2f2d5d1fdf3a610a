import type { ByteSource } from "../../src/scan/byte_source.ts";

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** A text as a source, which records how many bytes each read returned. */
export function sourceOf(text: string): ByteSource & { readonly reads: number[] } {
  const content = bytesOf(text);
  const reads: number[] = [];
  return {
    reads,
    size: content.length,
    readAt(offset, into) {
      const part = content.subarray(offset, offset + into.length);
      into.set(part);
      reads.push(part.length);
      return part.length;
    },
  };
}

const timeAt = (nanos: number) => `2026-11-23T10:00:00.${String(nanos).padStart(9, "0")}Z`;

/** A CRI line with the given nanoseconds in its time. */
export function cri(nanos: number, text = "hello"): string {
  return `${timeAt(nanos)} stdout F ${text}\n`;
}

/** The same as a line of Docker's json-file driver. */
export function docker(nanos: number, text = "hello"): string {
  return JSON.stringify({ log: `${text}\n`, stream: "stdout", time: timeAt(nanos) }) + "\n";
}
