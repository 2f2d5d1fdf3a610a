import { X509Certificate } from "node:crypto";

/** Longer chains are refused; real ones have two or three certificates. */
const MAX_CHAIN = 8;

/** Whether a peer's certificate is trusted, and until when that is certain (milliseconds since the epoch). */
export type PeerVerdict =
  | { readonly trusted: true; readonly untilMs: number }
  | { readonly trusted: false; readonly why: string };

/** The certificates of a PEM text, in order. Throws if one is not a certificate, or if there is none. */
export function parseCertificates(pem: string | Uint8Array): X509Certificate[] {
  const text = typeof pem === "string" ? pem : new TextDecoder("latin1").decode(pem);
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error("no certificate in PEM form");
  return blocks.map((block) => new X509Certificate(block));
}

/**
 * Verifies that a client's certificate is valid now: not expired, and issued by one of the CAs through the certificates
 * that the client presented (RFC 5280, section 6: dates, issuers and signatures; purposes and constraints were verified
 * by the TLS handshake that first presented the chain).
 *
 * A resumed TLS session has no such handshake, and the platform verifies nothing when it resumes one.
 *
 * @param chain the client's own certificate first; null or empty if it presented none
 */
export function verifyPeer(
  chain: readonly X509Certificate[] | null,
  authorities: readonly X509Certificate[],
  nowMs: number,
): PeerVerdict {
  const own = chain?.[0];
  if (own === undefined) return { trusted: false, why: "its certificate is not available" };
  if (!isInDate(own, nowMs)) {
    return { trusted: false, why: "its certificate is expired or not valid yet" };
  }
  const path = pathToAuthority(own, {
    untried: new Set((chain ?? []).slice(1, MAX_CHAIN).filter((certificate) => certificate.ca)),
    authorities: authorities.filter((authority) => isInDate(authority, nowMs)),
    nowMs,
  });
  if (path === null) {
    return { trusted: false, why: "its certificate is not issued by an authority of tls.ca-file" };
  }
  return { trusted: true, untilMs: Math.min(...path.map(notAfterMs)) };
}

interface Issuers {
  /** Intermediates; each is tried once, so that no chain takes long however it is linked. */
  readonly untried: Set<X509Certificate>;
  readonly authorities: readonly X509Certificate[];
  readonly nowMs: number;
}

/** From the certificate to a CA; null if there is no such path. */
function pathToAuthority(
  certificate: X509Certificate,
  issuers: Issuers,
): X509Certificate[] | null {
  const { untried, authorities, nowMs } = issuers;
  const authority = authorities.find((authority) => isIssuedBy(certificate, authority));
  if (authority !== undefined) return [certificate, authority];
  for (const issuer of [...untried]) {
    if (!untried.has(issuer)) continue;
    if (!isInDate(issuer, nowMs) || !isIssuedBy(certificate, issuer)) continue;
    untried.delete(issuer);
    const path = pathToAuthority(issuer, issuers);
    if (path !== null) return [certificate, ...path];
  }
  return null;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false; // A key type that the platform does not support.
  }
}

function isInDate(certificate: X509Certificate, nowMs: number): boolean {
  // Comparisons with NaN, which represents an unreadable date, are false.
  return Date.parse(certificate.validFrom) <= nowMs && nowMs < notAfterMs(certificate);
}

function notAfterMs(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}
