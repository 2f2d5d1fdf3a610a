import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { duplexPair } from "node:stream";
import { connect, createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { parseCertificates } from "../auth/peer_certificate.ts";
import type { Config } from "../config/schema.ts";
import { Failure } from "../failure/failure.ts";
import { readBytes } from "../platform/files.ts";

/** Certificate, key and authorities as they lie in files: PEM. */
export interface KeyMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Null where clients show no certificate. */
  readonly ca: Buffer | null;
  /** Of ca; empty where that is null. */
  readonly authorities: readonly X509Certificate[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Keys that every TLS library in use can verify a server by; Go's and rustls' know no others. */
const CURVES = new Set(["prime256v1", "secp384r1", "secp521r1", "P-256", "P-384", "P-521"]);

/** A handshake in memory takes milliseconds. */
const HANDSHAKE_MS = 5000;

/** Reads the files. Throws Failure invalid-argument naming the file that cannot be used. */
export function readKeyMaterial(tls: Config["tls"]): KeyMaterial {
  const cert = readPem("tls.cert-file", tls.certFile);
  const key = readPem("tls.key-file", tls.keyFile);
  const ca = tls.clientAuth === "none" ? null : readPem("tls.ca-file", tls.caFile);
  const certificate = parse("tls.cert-file", tls.certFile, () => new X509Certificate(cert));
  const privateKey = parse("tls.key-file", tls.keyFile, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Failure(
      "invalid-argument",
      `Cannot use tls.key-file ${tls.keyFile}: it is not the key of the certificate in ${tls.certFile}`,
    );
  }
  checkKeyType(privateKey, tls.keyFile);
  const authorities = ca === null
    ? []
    : parse("tls.ca-file", tls.caFile, () => parseCertificates(ca));
  return {
    cert,
    key,
    ca,
    authorities,
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
  };
}

/** What node:tls and grpc-js take. */
export function contextOptions({ cert, key, ca }: KeyMaterial) {
  return { cert, key, ...(ca === null ? {} : { ca }) };
}

export function sameMaterial(a: KeyMaterial, b: KeyMaterial): boolean {
  const same = (x: Buffer | null, y: Buffer | null) =>
    x === null || y === null ? x === y : x.equals(y);
  return same(a.cert, b.cert) && same(a.key, b.key) && same(a.ca, b.ca);
}

/**
 * Makes a TLS handshake with itself, in memory: some keys are accepted by everything but the handshake.
 * Rejects with Failure invalid-argument.
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
  const timer = setTimeout(() => reject(new Error("no end in time")), HANDSHAKE_MS);
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

function readPem(key: string, path: string): Buffer {
  try {
    return Buffer.from(readBytes(path));
  } catch (error) {
    throw new Failure("invalid-argument", `Cannot read ${key} ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function parse<T>(key: string, path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    // The parser's words may quote what it read; a key must not end in a log.
    throw new Failure("invalid-argument", `Cannot use ${key} ${path}: not valid PEM`, {
      cause: error,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
