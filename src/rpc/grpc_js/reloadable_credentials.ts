import { ServerCredentials } from "@grpc/grpc-js";
import type { SecureContextOptions } from "node:tls";
import { MAX_HEADER_PAIRS } from "../limits/port_limits.ts";

/**
 * TLS credentials whose certificate, key and CAs can be replaced while the server runs. Owned by FileCredentials, which
 * alone replaces their content.
 */
export class ReloadableCredentials extends ServerCredentials {
  constructor(context: SecureContextOptions, options: { readonly verifyClients: boolean }) {
    const { verifyClients } = options;
    super({
      requestCert: verifyClients,
      rejectUnauthorized: verifyClients,
      // None: the port ends handshakes after limits.handshake-timeout. Deno 2.9.6 does not clear a socket's timer when
      // the socket is destroyed, so the timer of a failed handshake would hold 20 KB until it fires.
      handshakeTimeout: -1,
      maxHeaderListPairs: MAX_HEADER_PAIRS,
      // nghttp2 would silently drop values with leading or trailing spaces, and a call would lack a part of its
      // caller's identity. Passed on unchanged, they are refused (identity_headers.ts).
      strictFieldWhitespaceValidation: false,
    }, context);
  }

  /** New connections use this context from now on. */
  update(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
