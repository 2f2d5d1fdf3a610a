import type { X509Certificate } from "node:crypto";
import { type PeerVerdict, verifyPeer } from "../auth/peer_certificate.ts";
import { Failure } from "../failure/failure.ts";
import type { Report } from "../telemetry/events.ts";
import type { PeerSession } from "./grpc_js/peer_sessions.ts";

/** How often open connections are checked: well within the minute in which one with a revoked certificate must end. */
const CHECK_MS = 5000;

/** What calls must know about the peers that make them. */
export interface PeerCheck {
  /**
   * A call begins on a connection. Returns a signal that fires when the connection must end, with the Failure that its
   * calls end with. Throws Failure if no call may begin.
   */
  enter(connection: object | null): AbortSignal;
}

interface Peer {
  readonly session: PeerSession;
  readonly ending: AbortController;
  /** The CAs with which the verdict was made. */
  authorities: readonly X509Certificate[];
  verdict: PeerVerdict;
}

/**
 * The connections of clients that are authenticated by certificate. Each one, including resumed sessions, is verified
 * when it begins, at each of its calls, and again every few seconds. A connection whose certificate has expired, or
 * whose CA was removed from tls.ca-file, ends with its calls. Owned by serve, which disposes of it; Calls asks it.
 */
export class VerifiedPeers implements PeerCheck, Disposable {
  readonly #peers = new Map<object, Peer>();
  readonly #authorities: () => readonly X509Certificate[];
  readonly #report: Report;
  readonly #now: () => number;
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param options.authorities the current CAs; a new array once they have changed */
  constructor(
    options: {
      readonly authorities: () => readonly X509Certificate[];
      readonly report: Report;
      readonly now?: () => number;
      readonly checkMs?: number;
    },
  ) {
    this.#authorities = options.authorities;
    this.#report = options.report;
    this.#now = options.now ?? Date.now;
    this.#timer = setInterval(() => this.check(), options.checkMs ?? CHECK_MS);
  }

  /** The number of open connections. */
  get count(): number {
    return this.#peers.size;
  }

  /** A connection has begun. */
  add(session: PeerSession): void {
    const authorities = this.#authorities();
    const verdict = verifyPeer(session.chain, authorities, this.#now());
    const peer = { session, ending: new AbortController(), authorities, verdict };
    this.#peers.set(session.connection, peer);
    session.onClose(() => this.#peers.delete(session.connection));
    if (!verdict.trusted) this.#end(peer, verdict.why);
  }

  enter(connection: object | null): AbortSignal {
    const peer = connection === null ? undefined : this.#peers.get(connection);
    if (peer === undefined) throw new Failure("cancelled", "The connection has ended");
    this.#verify(peer);
    const { signal } = peer.ending;
    signal.throwIfAborted();
    return signal;
  }

  /** Verifies all connections in their current state. */
  check(): void {
    for (const peer of this.#peers.values()) this.#verify(peer);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Signatures are verified again only if the CAs have changed or a certificate has expired. */
  #verify(peer: Peer): void {
    if (peer.ending.signal.aborted) return;
    const authorities = this.#authorities();
    const now = this.#now();
    const { verdict } = peer;
    if (authorities === peer.authorities && verdict.trusted && now < verdict.untilMs) return;
    peer.authorities = authorities;
    peer.verdict = verifyPeer(peer.session.chain, authorities, now);
    if (!peer.verdict.trusted) this.#end(peer, peer.verdict.why);
  }

  #end(peer: Peer, why: string): void {
    this.#report({
      type: "notice",
      level: "info",
      text: "a client's connection is ended",
      fields: { why, resumed: peer.session.resumed },
    });
    peer.ending.abort(new Failure("unauthenticated", `The connection is ended: ${why}`));
    peer.session.end();
  }
}
