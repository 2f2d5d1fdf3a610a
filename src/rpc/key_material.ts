import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { duplexPair } from "node:stream";
import { connect, createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { parseCertificates } from "../auth/peer_certificate.ts";
import type { Config } from "../config/schema.ts";
import { Failure } from "../failure/failure.ts";
import { readBytes } from "../platform/files.ts";

/** The agent's own certificate and key as in their files: PEM. */
export interface CertificatePair {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** The CAs that may issue client certificates. */
export interface Trust {
  /** PEM; null if clients present no certificate. */
  readonly ca: Buffer | null;
  /** The certificates of ca; empty if that is null. */
  readonly authorities: readonly X509Certificate[];
}

/** Everything that TLS of the port needs. */
export interface KeyMaterial {
  readonly pair: CertificatePair;
  readonly trust: Trust;
}

/** Keys with which every common TLS library can verify a server; Go's and rustls' support no others. */
const CURVES = new Set(["prime256v1", "secp384r1", "secp521r1", "P-256", "P-384", "P-521"]);

/** Object identifiers of extended key usages in DER (RFC 5280, section 4.2.1.12): the extension, and two purposes. */
const EXTENDED_KEY_USAGE = Buffer.from("0603551d25", "hex");
const SERVER_AUTH = Buffer.from("06082b06010505070301", "hex");
const ANY_PURPOSE = Buffer.from("0604551d2500", "hex");

/** A handshake in memory takes milliseconds, and up to a minute only if the process gets no CPU time. */
const HANDSHAKE_MS = 60_000;

/** Reads certificate and key. Throws Failure invalid-argument naming the unusable file. */
export function readPair(tls: Config["tls"]): CertificatePair {
  const cert = readPem("tls.cert-file", tls.certFile);
  const key = readPem("tls.key-file", tls.keyFile);
  const certificate = parse("tls.cert-file", tls.certFile, () => new X509Certificate(cert));
  const privateKey = parse("tls.key-file", tls.keyFile, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Failure(
      "invalid-argument",
      `Cannot use tls.key-file ${tls.keyFile}: it is not the key of the certificate in ${tls.certFile}`,
    );
  }
  checkKeyType(privateKey, tls.keyFile);
  checkPurpose(certificate, tls.certFile);
  return {
    cert,
    key,
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
  };
}

/** Reads the CAs. Throws Failure invalid-argument if they are unusable. */
export function readTrust(tls: Config["tls"]): Trust {
  if (tls.clientAuth === "none") return { ca: null, authorities: [] };
  const ca = readPem("tls.ca-file", tls.caFile);
  return { ca, authorities: parse("tls.ca-file", tls.caFile, () => parseCertificates(ca)) };
}

/** The options for node:tls and grpc-js. */
export function contextOptions({ pair, trust }: KeyMaterial) {
  const { cert, key } = pair;
  return { cert, key, ...(trust.ca === null ? {} : { ca: trust.ca }) };
}

/** Whether certificate and key are identical byte by byte. */
export function samePair(a: CertificatePair, b: CertificatePair): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key);
}

/** Whether the CAs are identical byte by byte. */
export function sameTrust(a: Trust, b: Trust): boolean {
  return a.ca === null || b.ca === null ? a.ca === b.ca : a.ca.equals(b.ca);
}

/**
 * Makes a TLS handshake with itself, in memory: some keys are accepted by everything except the handshake. Rejects with
 * Failure invalid-argument.
 */
export async function tryHandshake(material: KeyMaterial, certFile: string): Promise<void> {
  try {
    await handshake(createSecureContext(contextOptions(material)));
  } catch (error) {
    throw new Failure(
      "invalid-argument",
      `Cannot use tls.cert-file ${certFile}: a TLS handshake with it fails: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function handshake(secureContext: SecureContext): Promise<void> {
  const [serverSide, clientSide] = duplexPair();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error("it did not finish in time")), HANDSHAKE_MS);
  const server = new TLSSocket(serverSide, { isServer: true, secureContext });
  server.on("error", reject);
  const client = connect({ socket: clientSide, rejectUnauthorized: false }, resolve);
  client.on("error", reject);
  return promise.finally(() => {
    clearTimeout(timer);
    client.destroy();
    server.destroy();
  });
}

function checkKeyType(key: KeyObject, path: string): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "rsa" || type === "ed25519") return;
  if (type === "ec" && CURVES.has(details?.namedCurve ?? "")) return;
  const found = type === "ec"
    ? `a key on the curve ${details?.namedCurve}`
    : `a key of type ${type}`;
  throw new Failure(
    "invalid-argument",
    `Cannot use tls.key-file ${path}: ${found}, which TLS clients do not accept;` +
      " use RSA, ECDSA on P-256, P-384 or P-521, or Ed25519",
  );
}

/**
 * Checks the purpose of a certificate: no TLS client accepts one whose extended key usage does not include servers (RFC
 * 5280, section 4.2.1.12). The handshake with itself does not show this, because it verifies nothing; the platform's
 * keyUsage is another extension. Throws Failure invalid-argument if the purpose is wrong.
 */
function checkPurpose(certificate: X509Certificate, path: string): void {
  const at = certificate.raw.indexOf(EXTENDED_KEY_USAGE);
  if (at < 0) return;
  const rest = certificate.raw.subarray(at);
  if (rest.includes(SERVER_AUTH) || rest.includes(ANY_PURPOSE)) return;
  throw new Failure(
    "invalid-argument",
    `Cannot use tls.cert-file ${path}: its extended key usage does not include server authentication`,
  );
}

function readPem(key: string, path: string): Buffer {
  try {
    return Buffer.from(readBytes(path));
  } catch (error) {
    // Without the platform's error number and the repeated path.
    const why = messageOf(error).replace(/ \(os error \d+\).*$/, "");
    throw new Failure("invalid-argument", `Cannot read ${key} ${path}: ${why}`, { cause: error });
  }
}

function parse<T>(key: string, path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    // The parser's message may quote its input; a key must not end up in a log.
    throw new Failure("invalid-argument", `Cannot use ${key} ${path}: not valid PEM`, {
      cause: error,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
