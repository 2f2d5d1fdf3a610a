import type { StreamPlace } from "../limits/stream_places.ts";
import { innermostCall } from "./call_stream.ts";

/** Places of the open HTTP/2 streams of all servers. */
const places = new WeakMap<object, StreamPlace>();

/** Stores the place of a stream for the call that it becomes. */
export function rememberPlace(stream: object, place: StreamPlace): void {
  places.set(stream, place);
}

/** The place of a call's stream; null if it is unknown. */
export function placeOf(call: unknown): StreamPlace | null {
  const stream = innermostCall(call)?.stream;
  return stream === undefined ? null : places.get(stream) ?? null;
}
