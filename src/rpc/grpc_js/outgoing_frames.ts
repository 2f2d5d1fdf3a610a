import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { UnsentBytes } from "../limits/unsent_bytes.ts";
import type { Http2Session } from "./http2_servers.ts";

/** How much is written at a time: larger blocks of memory would be mapped again each time. */
const WRITTEN_BYTES = 256 * 1024;
/**
 * How much may be written before the room left by others is checked again: hundreds of connections may fill at the same
 * time.
 */
const ROOM_BYTES = 64 * 1024;
/** The largest frames of node:http2. */
const MAX_CHUNK_BYTES = 16 * 1024 + 9;
/** Waiting frames below this size are joined up to it: each write to the socket costs as much as 10 KiB. */
const JOINED_BYTES = 16 * 1024;

/** The part of node:http2's native session that is used here: all outgoing frames come from it, one by one. */
interface NativeSession {
  getOutgoingChunk(): Uint8Array | undefined;
  sendPending(): void;
}

/**
 * Makes the session wait for its socket, and gives the socket the available data in one write. node:http2 passes on
 * everything that HTTP/2's windows allow, and a client can set them as it likes: with large windows and a socket that
 * nobody reads, it would accumulate hundreds of megabytes, and everything written to a stream would count as sent.
 * Throws if node:http2 has changed.
 *
 * @param unsent shared by all connections
 */
export function holdBack(session: Http2Session, socket: Socket, unsent: UnsentBytes): void {
  const native = nativeSession(session);
  const next = native.getOutgoingChunk.bind(native);
  const send = native.sendPending.bind(native);
  const nothing = new Uint8Array(0);
  let isWaiting = false;
  /** How much the socket may take before it is checked again. */
  let room = 0;
  /** `joined`: bytes that it is about to get. */
  const hasRoom = (joined = 0) => {
    if (room <= 0) room = Math.min(unsent.room(socket) - joined, ROOM_BYTES);
    return room > 0;
  };
  /**
   * Bytes since the socket was corked; null: it is not corked, as when node:http2 itself empties the session at its
   * end.
   */
  let corkedBytes: number | null = null;
  const take = (): Uint8Array => {
    const chunk = next() ?? nothing;
    room -= chunk.length;
    if (corkedBytes !== null) corkedBytes += chunk.length;
    return chunk;
  };
  const takeMore = (joined: number) => hasRoom(joined) ? take() : nothing;
  native.getOutgoingChunk = () => {
    if (corkedBytes !== null && corkedBytes >= WRITTEN_BYTES) {
      corkedBytes = 0;
      socket.uncork();
      socket.cork();
    }
    if (hasRoom()) return joinedFrames.join(socket, take(), takeMore);
    if (!isWaiting) {
      isWaiting = true;
      socket.once("drain", () => {
        isWaiting = false;
        if (!session.destroyed) native.sendPending();
      });
    }
    return nothing;
  };
  native.sendPending = () => {
    corkedBytes = 0;
    socket.cork();
    try {
      send();
    } finally {
      corkedBytes = null;
      socket.uncork();
    }
  };
}

/** Memory in which frames are joined into one write. */
class JoinedFrames {
  #bytes = new Uint8Array(WRITTEN_BYTES);
  #writer: Socket | null = null;

  /**
   * Returns the chunk followed by as many later ones as one write takes, in memory that the next write reuses. If the
   * socket that last got this memory still has some of it, only small chunks are joined, up to a size that is worth a
   * write.
   *
   * @param next returns an empty chunk if there is none; receives how many bytes are joined so far
   */
  join(socket: Socket, chunk: Uint8Array, next: (joined: number) => Uint8Array): Uint8Array {
    const isFree = this.#isFree();
    const most = isFree ? WRITTEN_BYTES - MAX_CHUNK_BYTES : JOINED_BYTES;
    if (chunk.length === 0 || chunk.length >= most) return chunk;
    const chunks = [chunk];
    let length = chunk.length;
    while (length < most) {
      const more = next(length);
      if (more.length === 0) break;
      chunks.push(more);
      length += more.length;
    }
    if (chunks.length === 1) return chunk;
    if (!isFree || length > WRITTEN_BYTES) return Buffer.concat(chunks, length);
    this.#writer = socket;
    let at = 0;
    for (const each of chunks) {
      this.#bytes.set(each, at);
      at += each.length;
    }
    return this.#bytes.subarray(0, length);
  }

  #isFree(): boolean {
    if (this.#writer === null || this.#writer.writableLength === 0) return true;
    if (!this.#writer.destroyed) return false;
    // Its last write may never be reported as done, and may still be in progress.
    this.#bytes = new Uint8Array(WRITTEN_BYTES);
    this.#writer = null;
    return true;
  }
}

/** For all connections: while one of them writes slowly, the others do without it. */
const joinedFrames = new JoinedFrames();

function nativeSession(session: Http2Session): NativeSession {
  const key = Object.getOwnPropertySymbols(session).find(({ description }) =>
    description === "kHandle"
  );
  const native = key === undefined
    ? undefined
    : (session as unknown as Record<symbol, NativeSession | undefined>)[key];
  if (typeof native?.getOutgoingChunk !== "function" || typeof native.sendPending !== "function") {
    throw new Error("This version of node:http2 does not expose its native session");
  }
  return native;
}
