import type { LimitName } from "../../telemetry/events.ts";

export interface ConnectionLimits {
  /** Concurrent connections, in total and from one peer address. */
  readonly connections: number;
  readonly connectionsPerPeer: number;
  /** Of these, connections whose TLS handshake is not complete. */
  readonly handshakes: number;
}

/** A connection from the budget's point of view. */
export interface CountedConnection {
  readonly peer: string;
  /** Ends it at once: another one needs its place. */
  readonly evict: (limit: LimitName) => void;
  /**
   * Since when it has had nothing to do, in milliseconds of one clock, so that it may be ended for another one; null:
   * it is working.
   */
  readonly idleSince: () => number | null;
  /** Whether it has sent anything at all. */
  readonly hasSpoken: () => boolean;
  /** Whether it has had a call. */
  readonly hasWorked: () => boolean;
  /** The number of open calls. */
  readonly calls: () => number;
}

/**
 * Decides who may be connected. To make room for a new connection, it ends the one that has been idle for longest,
 * among those from the same peer address or from the address with the most. If all of these are working, it ends the
 * one with the fewest calls from an address that has more than the new connection's; a new connection is refused only
 * if it comes from the address with the most. So neither idle connections nor those from one address keep others out.
 * Owned by Connections, which alone calls it.
 */
export class ConnectionBudget {
  readonly #limits: ConnectionLimits;
  /** Per peer, oldest first; a connection with a complete handshake is an established one. */
  readonly #handshakes = new Places();
  readonly #connections = new Places();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get connections(): number {
    return this.#connections.count;
  }

  get handshakes(): number {
    return this.#handshakes.count;
  }

  /**
   * A new connection, before its handshake. It is always accepted; at the limit, the oldest handshake of the busiest
   * peer is ended.
   */
  begin(connection: CountedConnection): void {
    if (this.#handshakes.count >= this.#limits.handshakes) {
      const chosen = leastAdvanced(this.#handshakes.ofBusiestPeer());
      if (chosen !== null) {
        this.#handshakes.delete(chosen);
        chosen.evict("handshakes");
      }
    }
    this.#handshakes.add(connection);
  }

  /** Its handshake is complete. Returns the limit that refuses it; null: it is admitted. */
  establish(connection: CountedConnection): LimitName | null {
    if (!this.#handshakes.delete(connection)) return null; // It has already ended.
    const { connections, connectionsPerPeer } = this.#limits;
    const ofPeer = this.#connections.of(connection.peer);
    if (
      ofPeer.size >= connectionsPerPeer && !this.#makePlace(ofPeer, "connections-per-peer")
    ) return "connections-per-peer";
    if (
      this.#connections.count >= connections &&
      !this.#makePlace(this.#connections.ofBusiestPeer(), "connections", ofPeer.size + 1)
    ) return "connections";
    this.#connections.add(connection);
    return null;
  }

  /** It has ended, in any state. */
  end(connection: CountedConnection): void {
    this.#handshakes.delete(connection);
    this.#connections.delete(connection);
  }

  /**
   * @param share the number of connections that the new one's address would have: of an address with more, a working
   * connection gives way
   */
  #makePlace(
    among: ReadonlySet<CountedConnection>,
    limit: LimitName,
    share: number = Number.POSITIVE_INFINITY,
  ): boolean {
    const chosen = longestIdle(among) ?? (share < among.size ? leastAtWork(among) : null);
    if (chosen === null) return false;
    this.#connections.delete(chosen);
    chosen.evict(limit);
    return true;
  }
}

/**
 * The oldest one that has sent nothing, because a client sends its part of the handshake at once. Otherwise the oldest
 * one.
 */
function leastAdvanced(handshakes: ReadonlySet<CountedConnection>): CountedConnection | null {
  let oldest: CountedConnection | null = null;
  for (const connection of handshakes) {
    if (!connection.hasSpoken()) return connection;
    oldest ??= connection;
  }
  return oldest;
}

/** How much longer a connection without a call counts as idle: a client that connects repeatedly pauses in between. */
const PAUSE_MS = 1000;

/** Never a new connection whose first call is on its way: others have been idle for longer. */
function longestIdle(among: ReadonlySet<CountedConnection>): CountedConnection | null {
  let chosen: { connection: CountedConnection; since: number } | null = null;
  for (const connection of among) {
    const idleSince = connection.idleSince();
    if (idleSince === null) continue;
    const since = connection.hasWorked() ? idleSince : idleSince - PAUSE_MS;
    if (chosen === null || since < chosen.since) chosen = { connection, since };
  }
  return chosen?.connection ?? null;
}

/** The newest of those with the fewest calls. */
function leastAtWork(among: ReadonlySet<CountedConnection>): CountedConnection | null {
  let least: CountedConnection | null = null;
  for (const connection of among) {
    if (least === null || connection.calls() <= least.calls()) least = connection;
  }
  return least;
}

/** Connections by peer address, in order of arrival. */
class Places {
  readonly #byPeer = new Map<string, Set<CountedConnection>>();
  count = 0;

  add(connection: CountedConnection): void {
    const ofPeer = this.#byPeer.get(connection.peer) ?? new Set();
    this.#byPeer.set(connection.peer, ofPeer.add(connection));
    this.count++;
  }

  delete(connection: CountedConnection): boolean {
    const ofPeer = this.#byPeer.get(connection.peer);
    if (ofPeer?.delete(connection) !== true) return false;
    this.count--;
    if (ofPeer.size === 0) this.#byPeer.delete(connection.peer);
    return true;
  }

  of(peer: string): ReadonlySet<CountedConnection> {
    return this.#byPeer.get(peer) ?? new Set();
  }

  ofBusiestPeer(): ReadonlySet<CountedConnection> {
    let busiest: ReadonlySet<CountedConnection> = new Set();
    for (const ofPeer of this.#byPeer.values()) if (ofPeer.size > busiest.size) busiest = ofPeer;
    return busiest;
  }
}
