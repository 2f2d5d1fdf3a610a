import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { UnsentBytes } from "../limits/unsent_bytes.ts";
import type { Http2Session } from "./http2_servers.ts";

/** What is written at a time: memory for more is mapped again each time. */
const WRITTEN_BYTES = 256 * 1024;
/** Until the room that others leave is looked up again: hundreds of connections may fill at the same time. */
const ROOM_BYTES = 64 * 1024;
/** node:http2's frames have no more. */
const MAX_CHUNK_BYTES = 16 * 1024 + 9;
/** Frames below this are joined up to it, as many as wait: each write to the socket costs as much as 10 KiB. */
const JOINED_BYTES = 16 * 1024;

/** What of node:http2's native session is used here: all frames to be sent come out of it, one by one. */
interface NativeSession {
  getOutgoingChunk(): Uint8Array | undefined;
  sendPending(): void;
}

/**
 * Lets the session wait for its socket, and gives the socket in one write what there is at that moment. node:http2
 * hands down all that HTTP/2's windows allow, which a client sets as it likes: with large ones and a socket that nobody
 * reads, hundreds of megabytes would lie there, and what is written to a stream would count as sent. Throws where
 * node:http2 has changed.
 *
 * @param unsent shared by all connections
 */
export function holdBack(session: Http2Session, socket: Socket, unsent: UnsentBytes): void {
  const native = nativeSession(session);
  const next = native.getOutgoingChunk.bind(native);
  const send = native.sendPending.bind(native);
  const nothing = new Uint8Array(0);
  let isWaiting = false;
  /** What the socket may take before it is looked up again. */
  let room = 0;
  /** `joined`: bytes that it is about to be given. */
  const hasRoom = (joined = 0) => {
    if (room <= 0) room = Math.min(unsent.room(socket) - joined, ROOM_BYTES);
    return room > 0;
  };
  /** Since the socket was corked; null: it is not, as where node:http2 itself empties the session at its end. */
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

/** Memory in which frames are joined to one write. */
class JoinedFrames {
  #bytes = new Uint8Array(WRITTEN_BYTES);
  #writer: Socket | null = null;

  /**
   * The chunk, and behind it those that follow, as many as one write takes: in memory that the next write uses again.
   * Where the socket that was given it last still has some of it, no more are joined than make small ones worth a write.
   *
   * @param next empty where there is none; told how many bytes are joined so far
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
    // Its last write may never be said to be done, and go on.
    this.#bytes = new Uint8Array(WRITTEN_BYTES);
    this.#writer = null;
    return true;
  }
}

/** Of all connections: where one of them writes slowly, the others do without. */
const joinedFrames = new JoinedFrames();

function nativeSession(session: Http2Session): NativeSession {
  const key = Object.getOwnPropertySymbols(session).find(({ description }) =>
    description === "kHandle"
  );
  const native = key === undefined
    ? undefined
    : (session as unknown as Record<symbol, NativeSession | undefined>)[key];
  if (typeof native?.getOutgoingChunk !== "function" || typeof native.sendPending !== "function") {
    throw new Error("This version of node:http2 does not show its native session");
  }
  return native;
}
