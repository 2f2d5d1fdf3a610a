import type { Socket } from "node:net";

/**
 * The connections of the telemetry port. A new connection is always accepted: if it is one too many, the oldest
 * connection of the peer address with the most is ended. So connections that are silent or read slowly never keep a
 * probe out: a probe is answered as soon as its request has arrived. Owned by the telemetry port, the only caller.
 */
export class ProbeConnections {
  readonly #max: number;
  readonly #onEvicted: () => void;
  /** The connections of each peer address, oldest first. */
  readonly #byPeer = new Map<string, Set<Socket>>();
  #count = 0;

  constructor(options: { readonly max: number; readonly onEvicted: () => void }) {
    this.#max = options.max;
    this.#onEvicted = options.onEvicted;
  }

  get count(): number {
    return this.#count;
  }

  add(socket: Socket): void {
    if (this.#count >= this.#max) this.#evict();
    const peer = socket.remoteAddress ?? "";
    const connections = this.#byPeer.get(peer) ?? new Set();
    this.#byPeer.set(peer, connections.add(socket));
    this.#count++;
    socket.once("close", () => this.#remove(peer, socket));
  }

  destroyAll(): void {
    for (const connections of this.#byPeer.values()) {
      for (const socket of connections) socket.destroy();
    }
  }

  #evict(): void {
    let most: [string, Set<Socket>] | undefined;
    for (const entry of this.#byPeer) {
      if (most === undefined || entry[1].size > most[1].size) most = entry;
    }
    const [oldest] = most?.[1] ?? [];
    if (most === undefined || oldest === undefined) return;
    this.#remove(most[0], oldest);
    oldest.destroy();
    this.#onEvicted();
  }

  #remove(peer: string, socket: Socket): void {
    const connections = this.#byPeer.get(peer);
    if (connections?.delete(socket) !== true) return;
    this.#count--;
    if (connections.size === 0) this.#byPeer.delete(peer);
  }
}
