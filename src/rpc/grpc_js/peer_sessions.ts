import type { Server } from "@grpc/grpc-js";
import { X509Certificate } from "node:crypto";
import { onHttp2Server } from "./http2_servers.ts";

/** How long an ending session may take to send the final status of its calls. */
const END_GRACE_MS = 2000;

/** More certificates than any real chain has: the platform's list of issuers may be circular. */
const MAX_CHAIN = 16;

/** The part of node:http2's ServerHttp2Session that is used here. */
interface Http2Session {
  readonly socket?: {
    getPeerCertificate?(detailed: true): PeerCertificate | undefined;
    isSessionReused?(): boolean;
  };
  readonly destroyed: boolean;
  once(event: "close", listener: () => void): unknown;
  close(): void;
  destroy(): void;
}

/** As node:tls describes it; an empty object if the peer presented none. */
interface PeerCertificate {
  readonly raw?: Uint8Array;
  readonly issuerCertificate?: PeerCertificate;
}

/** One connection of a client. */
export interface PeerSession {
  /** The object that connectionOf returns for the calls of this connection. */
  readonly connection: object;
  /** The certificates that the peer presented, its own first; null if they are not available. */
  readonly chain: readonly X509Certificate[] | null;
  /** Whether its TLS session continues one of an earlier connection. */
  readonly resumed: boolean;
  onClose(listener: () => void): void;
  /** Ends the connection: no new calls, and after a moment for the ending ones, no data at all. */
  end(): void;
}

/**
 * Calls back with every HTTP/2 session that the server begins, before its first call; call it before bindAsync. Resumed
 * TLS sessions are included: Deno's node:tls resumes sessions regardless of secureOptions and sessionTimeout
 * (https://github.com/denoland/deno/issues/30305), and does not verify the certificate then, but it still has the chain
 * that was presented when the session began.
 */
export function onPeerSession(server: Server, callback: (session: PeerSession) => void): void {
  onHttp2Server(server, (source) => {
    source.on("session", (session) => callback(peerSession(session as unknown as Http2Session)));
  });
}

function peerSession(session: Http2Session): PeerSession {
  return {
    connection: session,
    chain: peerChain(session),
    resumed: isResumed(session),
    onClose: (listener) => void session.once("close", listener),
    end() {
      if (session.destroyed) return;
      session.close();
      const timer = setTimeout(() => session.destroy(), END_GRACE_MS);
      session.once("close", () => clearTimeout(timer));
    },
  };
}

function isResumed(session: Http2Session): boolean {
  try {
    return session.socket?.isSessionReused?.() === true;
  } catch {
    return false; // The socket is gone.
  }
}

function peerChain(session: Http2Session): X509Certificate[] | null {
  try {
    const chain: X509Certificate[] = [];
    let shown = session.socket?.getPeerCertificate?.(true);
    while (shown?.raw !== undefined && chain.length < MAX_CHAIN) {
      chain.push(new X509Certificate(shown.raw as Buffer));
      if (shown.issuerCertificate === shown) break;
      shown = shown.issuerCertificate;
    }
    return chain.length === 0 ? null : chain;
  } catch {
    return null; // The socket is gone, or its certificate cannot be parsed.
  }
}
