import { ServerCredentials } from "@grpc/grpc-js";
import type { SecureContextOptions } from "node:tls";
import { MAX_HEADER_PAIRS } from "../limits/port_limits.ts";

/**
 * TLS credentials whose certificate, key and authorities can be replaced while the server runs. Owned by
 * FileCredentials, which alone replaces what is in it.
 */
export class ReloadableCredentials extends ServerCredentials {
  constructor(context: SecureContextOptions, options: { readonly verifyClients: boolean }) {
    const { verifyClients } = options;
    super({
      requestCert: verifyClients,
      rejectUnauthorized: verifyClients,
      // The port ends handshakes after limits.handshake-timeout, which may be as long as this.
      handshakeTimeout: 600_000,
      maxHeaderListPairs: MAX_HEADER_PAIRS,
      // nghttp2 would drop values with leading or trailing spaces without a word: a call that lacks a part of
      // its caller's identity. As they come, they are refused (identity_headers.ts).
      strictFieldWhitespaceValidation: false,
    }, context);
  }

  /** From now on new connections get these. */
  update(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
