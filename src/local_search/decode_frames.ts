/**
 * The header of a frame: one byte of flags and four of length, big-endian (gRPC over HTTP/2,
 * "Length-Prefixed-Message").
 */
const HEAD_BYTES = 5;

/** The messages of complete gRPC frames, as views. */
export function* frames(chunk: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  for (let at = 0; at < chunk.length;) {
    const end = at + HEAD_BYTES + view.getUint32(at + 1);
    yield chunk.subarray(at + HEAD_BYTES, end);
    at = end;
  }
}
