import type { X509Certificate } from "node:crypto";
import type { Config } from "../config/schema.ts";
import type { Report } from "../telemetry/events.ts";
import { ReloadableCredentials } from "./grpc_js/reloadable_credentials.ts";
import {
  type CertificatePair,
  contextOptions,
  type KeyMaterial,
  readPair,
  readTrust,
  samePair,
  sameTrust,
  tryHandshake,
} from "./key_material.ts";

/** How often the files are read. A symlink swap of a Secret is detected by content, so no watch is needed. */
const CHECK_MS = 2000;

/**
 * TLS of the gRPC port, reloaded from its files when they change: new connections get the new certificate, existing
 * ones continue. If files are unusable, the old ones stay in force, and the files are tried again at every check. CAs
 * do not wait for the agent's own certificate: a removed one is no longer trusted, regardless of problems with the
 * other files. Owned by serve, which disposes of it.
 */
export class FileCredentials implements Disposable {
  /** For grpc-js. */
  readonly server: ReloadableCredentials;
  readonly #tls: Config["tls"];
  readonly #report: Report;
  readonly #timer: ReturnType<typeof setInterval>;
  #current: KeyMaterial;
  #problem = "";
  #checking: Promise<void> | null = null;

  private constructor(tls: Config["tls"], material: KeyMaterial, report: Report) {
    this.server = new ReloadableCredentials(contextOptions(material), {
      verifyClients: tls.clientAuth === "require-and-verify",
    });
    this.#tls = tls;
    this.#report = report;
    this.#current = material;
    report({ type: "certificate", state: "loaded", notAfterMs: material.pair.notAfterMs });
    this.#timer = setInterval(() => void this.check(), CHECK_MS);
  }

  /** Rejects with Failure invalid-argument naming the unusable file. */
  static async load(tls: Config["tls"], report: Report): Promise<FileCredentials> {
    const material = { pair: readPair(tls), trust: readTrust(tls) };
    await tryHandshake(material, tls.certFile);
    return new FileCredentials(tls, material, report);
  }

  /** End of validity of the certificate in use, milliseconds since the epoch. */
  get notAfterMs(): number {
    return this.#current.pair.notAfterMs;
  }

  /** The CAs that may currently issue client certificates; a new array once they have changed. */
  get authorities(): readonly X509Certificate[] {
    return this.#current.trust.authorities;
  }

  /** Reads the files, and uses them if they have changed and are usable. Never rejects. */
  check(): Promise<void> {
    return this.#checking ??= this.#check().finally(() => this.#checking = null);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    const { pair, trust } = this.#current;
    const problems: string[] = [];
    const attempt = async <T>(now: T, read: () => T | Promise<T>): Promise<T> => {
      try {
        return await read();
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
        return now;
      }
    };
    const next: KeyMaterial = {
      trust: await attempt(trust, () => {
        const read = readTrust(this.#tls);
        return sameTrust(read, trust) ? trust : read;
      }),
      pair: await attempt(pair, () => this.#readPair()),
    };
    if (next.pair !== pair || next.trust !== trust) {
      this.#current = next;
      this.server.update(contextOptions(next));
      this.#report({ type: "certificate", state: "loaded", notAfterMs: next.pair.notAfterMs });
    }
    const problem = problems.join("; ");
    if (problem !== "" && problem !== this.#problem) {
      const { notAfterMs } = next.pair;
      this.#report({ type: "certificate", state: "kept", notAfterMs, problem });
    }
    this.#problem = problem;
  }

  /** The pair in the files if it is different and usable, otherwise the one in use. Rejects if it is unusable. */
  async #readPair(): Promise<CertificatePair> {
    const { pair: current, trust } = this.#current;
    const pair = readPair(this.#tls);
    if (samePair(pair, current)) return current;
    this.#checkDates(pair);
    await tryHandshake({ pair, trust }, this.#tls.certFile);
    return pair;
  }

  /** Throws if the new certificate is outside its validity period while the one in use is not. */
  #checkDates({ notBeforeMs, notAfterMs }: CertificatePair): void {
    const now = Date.now();
    if (this.#current.pair.notAfterMs <= now || (notBeforeMs <= now && now < notAfterMs)) return;
    const text = (milliseconds: number) => new Date(milliseconds).toISOString();
    throw new Error(
      `Cannot use tls.cert-file ${this.#tls.certFile}: valid from ${text(notBeforeMs)}` +
        ` to ${text(notAfterMs)}, which does not include the current time`,
    );
  }
}
