/** Of one connection, where few have unsent bytes: more only takes memory. */
const MOST_BYTES = 1024 * 1024;
/** Of all connections together, but what each may have in any case: its socket's high-water mark. */
const TOTAL_BYTES = 16 * 1024 * 1024;

/** The state of a socket that decides how much it may be given. */
export interface UnsentSocket {
  /** Bytes. With less in it a socket does not say when it has drained, and a writer that waits for that would wait forever. */
  readonly writableHighWaterMark: number;
  /** Bytes that wait to be sent. */
  readonly writableLength: number;
  readonly destroyed: boolean;
}

/**
 * What lies in the sockets of clients that do not read, or not fast enough, as hundreds of connections may each hold
 * some. A connection may have a quarter of what the others leave, so that none of them, nor all together, take all of
 * it. Owned by Connections; each PortConnection asks it before it sends.
 */
export class UnsentBytes {
  /** Those that may have unsent bytes. */
  readonly #sockets = new Set<UnsentSocket>();

  /** What lies in all sockets, but the given one. */
  bytes(except?: UnsentSocket): number {
    let bytes = 0;
    for (const socket of this.#sockets) {
      if (socket === except) continue;
      if (socket.destroyed || socket.writableLength === 0) this.#sockets.delete(socket);
      else bytes += socket.writableLength;
    }
    return bytes;
  }

  /** How many more bytes this socket may be given now; zero or less: none. */
  room(socket: UnsentSocket): number {
    const share = (TOTAL_BYTES - this.bytes(socket)) / 4;
    this.#sockets.add(socket);
    const limit = Math.min(MOST_BYTES, Math.max(socket.writableHighWaterMark, Math.floor(share)));
    return limit - socket.writableLength;
  }
}
