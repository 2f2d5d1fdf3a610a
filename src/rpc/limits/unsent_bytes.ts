/** Per connection, if few have unsent bytes: more would only take memory. */
const MOST_BYTES = 1024 * 1024;
/** For all connections together, in addition to what each one may always have: its socket's high-water mark. */
const TOTAL_BYTES = 16 * 1024 * 1024;

/** The state of a socket that determines how much it may be given. */
export interface UnsentSocket {
  /**
   * Bytes. A socket that holds less than this does not report when it has drained, so a writer waiting for that would
   * wait forever.
   */
  readonly writableHighWaterMark: number;
  /** Bytes waiting to be sent. */
  readonly writableLength: number;
  readonly destroyed: boolean;
}

/**
 * Limits the bytes in the sockets of clients that do not read, or not fast enough, because hundreds of connections may
 * each hold some. A connection may have a quarter of what the others leave, so neither one of them nor all together
 * take everything. Owned by Connections; each PortConnection asks it before it sends.
 */
export class UnsentBytes {
  /** Sockets that may have unsent bytes. */
  readonly #sockets = new Set<UnsentSocket>();

  /** The unsent bytes in all sockets except the given one. */
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
