import { X509Certificate } from "node:crypto";
import { createPrivateKey } from "node:crypto";
import { createSecureContext } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";
import { Failure } from "../failure/failure.ts";
import type { Config } from "../config/schema.ts";
import { MAX_HEADER_PAIRS } from "./limits/port_limits.ts";
import { readBytes } from "../platform/files.ts";
import type { Report } from "../telemetry/events.ts";

/** How often the files are looked at. A Secret's symlink swap is seen by content, so no watch is needed. */
const CHECK_MS = 2000;

/** Certificate, key and CA as they lie in files: PEM. */
interface KeyMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Null where clients show no certificate. */
  readonly ca: Buffer | null;
  readonly notAfterMs: number;
}

/**
 * TLS of the gRPC port, taken again from its files when they change: new connections get the new
 * certificate, running ones go on. Files that cannot be used leave the old ones in force.
 */
export class FileCredentials extends ServerCredentials implements Disposable {
  readonly #tls: Config["tls"];
  readonly #report: Report;
  readonly #timer: ReturnType<typeof setInterval>;
  #current: KeyMaterial;
  #problem = "";

  /** Throws Failure invalid-argument naming the file that cannot be used. */
  constructor(tls: Config["tls"], report: Report) {
    const material = readMaterial(tls);
    const verify = tls.clientAuth === "require-and-verify";
    super(
      {
        requestCert: verify,
        rejectUnauthorized: verify,
        handshakeTimeout: 10_000,
        maxHeaderListPairs: MAX_HEADER_PAIRS,
      },
      contextOptions(material),
    );
    this.#tls = tls;
    this.#report = report;
    this.#current = material;
    report({ type: "certificate", state: "loaded", notAfterMs: material.notAfterMs });
    this.#timer = setInterval(() => this.check(), CHECK_MS);
  }

  /** End of validity of the certificate in use, milliseconds since the epoch. */
  get notAfterMs(): number {
    return this.#current.notAfterMs;
  }

  /** Looks at the files, and takes them when they have changed. */
  check(): void {
    try {
      const material = readMaterial(this.#tls);
      this.#problem = "";
      if (sameMaterial(material, this.#current)) return;
      this.#current = material;
      this.updateSecureContextOptions(contextOptions(material));
      this.#report({ type: "certificate", state: "loaded", notAfterMs: material.notAfterMs });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem === this.#problem) return; // Told already.
      this.#problem = problem;
      const { notAfterMs } = this.#current;
      this.#report({ type: "certificate", state: "kept", notAfterMs, problem });
    }
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function contextOptions(material: KeyMaterial) {
  return {
    cert: material.cert,
    key: material.key,
    ...(material.ca === null ? {} : { ca: material.ca }),
  };
}

function readMaterial(tls: Config["tls"]): KeyMaterial {
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
  if (ca !== null) parse("tls.ca-file", tls.caFile, () => new X509Certificate(ca));
  const material = { cert, key, ca, notAfterMs: Date.parse(certificate.validTo) };
  parse("tls", tls.certFile, () => createSecureContext(contextOptions(material)));
  return material;
}

function readPem(key: string, path: string): Buffer {
  try {
    return Buffer.from(readBytes(path));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure("invalid-argument", `Cannot read ${key} ${path}: ${why}`, { cause: error });
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

function sameMaterial(a: KeyMaterial, b: KeyMaterial): boolean {
  const same = (x: Buffer | null, y: Buffer | null) =>
    x === null || y === null ? x === y : x.equals(y);
  return same(a.cert, b.cert) && same(a.key, b.key) && same(a.ca, b.ca);
}
