/** Of one connection, where few wait: more only takes memory. */
const MOST_BYTES = 1024 * 1024;
/** Of one connection, where many wait: a few frames. */
const LEAST_BYTES = 32 * 1024;
/** Of all connections that wait together, but the least of each. */
const TOTAL_BYTES = 16 * 1024 * 1024;

/**
 * What lies in the sockets of clients that do not read, as hundreds of connections may each hold some. A connection
 * may have a quarter of what the waiting ones leave, so that none of them, nor all together, take all of it. Owned by
 * Connections; each PortConnection tells it what waits.
 */
export class UnsentBytes {
  readonly #waiting = new Map<object, number>();
  #bytes = 0;

  /** What lies in the sockets that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many bytes may lie in one connection's socket now. */
  get limit(): number {
    const share = (TOTAL_BYTES - this.#bytes) / 4;
    return Math.max(LEAST_BYTES, Math.min(MOST_BYTES, Math.floor(share)));
  }

  /** A socket has its share and waits until its client reads. */
  wait(socket: object, bytes: number): void {
    this.done(socket);
    this.#waiting.set(socket, bytes);
    this.#bytes += bytes;
  }

  /** It has sent what lay there, or is closed. */
  done(socket: object): void {
    this.#bytes -= this.#waiting.get(socket) ?? 0;
    this.#waiting.delete(socket);
  }
}
