import { LogMetadata } from "../generated/cluster_agent.ts";
import type { FileTime } from "../platform/mtime.ts";
import type { LogName } from "../files/name.ts";
import { writeVarint } from "../scan/varint.ts";
import { logMetadata } from "./log_metadata.ts";

/** Room for the tags, lengths and numbers that `add` writes in addition to the fixed fields: at most 61 bytes. */
const MAX_VARIABLE_BYTES = 64;

/** The fields of a LogMetadata that do not change while the log exists: id and spec. */
export function encodeFixedFields(nodeName: string, name: LogName): Uint8Array {
  return LogMetadata.encode(logMetadata(nodeName, name, undefined)).finish();
}

/**
 * Writes a LogMetadataList of proto/cluster_agent.proto directly as bytes, without an object per log and without BigInt
 * for its numbers. Owned by one answer of the LogLister.
 */
export class ListEncoder {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;
  #count = 0;

  /** The number of items so far. */
  get count(): number {
    return this.#count;
  }

  /** Adds an item. `size` is in bytes, below 2^53. */
  add(fixedFields: Uint8Array, size: number, time: FileTime): void {
    this.#reserve(fixedFields.length + MAX_VARIABLE_BYTES);
    const timestampBytes = int64Field(time.seconds) + int64Field(time.nanos);
    const fileInfoBytes = int64Field(size) + 2 + timestampBytes;
    this.#count++;
    this.#byte(0x0a); // LogMetadataList.items
    this.#varint(fixedFields.length + 2 + fileInfoBytes);
    this.#bytes.set(fixedFields, this.#length);
    this.#length += fixedFields.length;
    this.#byte(0x1a); // LogMetadata.fileInfo
    this.#byte(fileInfoBytes);
    this.#int64(0x08, size); // LogMetadataFileInfo.size
    this.#byte(0x12); // LogMetadataFileInfo.last_modified_at
    this.#byte(timestampBytes);
    this.#int64(0x08, time.seconds); // Timestamp.seconds
    this.#int64(0x10, time.nanos); // Timestamp.nanos
  }

  /** The finished list. The encoder must not be used afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A field with its default value is omitted, as in proto3. */
  #int64(tag: number, value: number): void {
    if (value === 0) return;
    this.#byte(tag);
    this.#varint(value);
  }

  #byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  #varint(value: number): void {
    this.#length = writeVarint(this.#bytes, this.#length, value);
  }

  #reserve(room: number): void {
    const needed = this.#length + room;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** The size in bytes of an int64 field with a one-byte tag. */
function int64Field(value: number): number {
  if (value === 0) return 0;
  if (value < 0) return 11;
  let bytes = 2;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
