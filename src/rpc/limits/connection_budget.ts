import type { LimitName } from "../../telemetry/events.ts";

export interface ConnectionLimits {
  /** Connections at the same time, in total and of one peer address. */
  readonly connections: number;
  readonly connectionsPerPeer: number;
  /** Of them, those whose TLS handshake is not complete. */
  readonly handshakes: number;
}

/** A connection as the budget sees it. */
export interface CountedConnection {
  readonly peer: string;
  /** Ends it at once: another one needs its place. */
  readonly evict: (limit: LimitName) => void;
  /** Since when nothing has been done for it, milliseconds of one clock, so that it may be ended for another one; null: it is at work. */
  readonly idleSince: () => number | null;
  /** Whether it has sent anything at all. */
  readonly hasSpoken: () => boolean;
  /** Whether it has had a call. */
  readonly hasWorked: () => boolean;
  /** Calls that are open. */
  readonly calls: () => number;
}

/**
 * Who may be connected. A place is made for a new connection by ending the one of the same peer address that has done
 * nothing for longest, or of the address that has the most. Where all of these are at work, an address that has more
 * than the new one's ends the one with the fewest calls; only a new connection of the address that has the most is
 * refused. So neither connections that are held open for nothing nor those of one address keep others out. Owned by
 * Connections, which alone calls it.
 */
export class ConnectionBudget {
  readonly #limits: ConnectionLimits;
  /** Of each peer, the oldest first; a handshake that is complete is a connection. */
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

  /** A new connection, before its handshake. It is always accepted; at the limit the oldest handshake of the busiest peer is ended. */
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

  /** Its handshake is complete. Returns the limit that refuses it; null: it is let in. */
  establish(connection: CountedConnection): LimitName | null {
    if (!this.#handshakes.delete(connection)) return null; // It has ended.
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

  /** @param share what the new connection's address would have: where these are more, one at work gives way */
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

/** The oldest that has sent nothing: a client sends its part of the handshake at once. Otherwise the oldest. */
function leastAdvanced(handshakes: ReadonlySet<CountedConnection>): CountedConnection | null {
  let oldest: CountedConnection | null = null;
  for (const connection of handshakes) {
    if (!connection.hasSpoken()) return connection;
    oldest ??= connection;
  }
  return oldest;
}

/** How much longer a connection without a call counts as idle: a client that connects again and again pauses in between. */
const PAUSE_MS = 1000;

/** A new connection, whose first call is on its way, is not the one: others have been idle for longer. */
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
