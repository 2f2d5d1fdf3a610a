import type { X509Certificate } from "node:crypto";
import type { Config } from "../config/schema.ts";
import type { Report } from "../telemetry/events.ts";
import { ReloadableCredentials } from "./grpc_js/reloadable_credentials.ts";
import {
  contextOptions,
  type KeyMaterial,
  readKeyMaterial,
  sameMaterial,
  tryHandshake,
} from "./key_material.ts";

/** How often the files are read. A Secret's symlink swap is seen by content, so no watch is needed. */
const CHECK_MS = 2000;

/**
 * TLS of the gRPC port, read again from its files when they change: new connections get the new
 * certificate, running ones go on. Files that cannot be used leave the old ones in force, and are tried
 * again at every check.
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
    report({ type: "certificate", state: "loaded", notAfterMs: material.notAfterMs });
    this.#timer = setInterval(() => void this.check(), CHECK_MS);
  }

  /** Rejects with Failure invalid-argument naming the file that cannot be used. */
  static async load(tls: Config["tls"], report: Report): Promise<FileCredentials> {
    const material = readKeyMaterial(tls);
    await tryHandshake(material, tls.certFile);
    return new FileCredentials(tls, material, report);
  }

  /** End of validity of the certificate in use, milliseconds since the epoch. */
  get notAfterMs(): number {
    return this.#current.notAfterMs;
  }

  /** Those that may issue clients' certificates now; another array once they have changed. */
  get authorities(): readonly X509Certificate[] {
    return this.#current.authorities;
  }

  /** Reads the files, and uses them where they have changed and can be used. Never rejects. */
  check(): Promise<void> {
    return this.#checking ??= this.#check().finally(() => this.#checking = null);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    const { notAfterMs } = this.#current;
    try {
      const material = readKeyMaterial(this.#tls);
      if (sameMaterial(material, this.#current)) {
        this.#problem = "";
        return;
      }
      this.#checkDates(material);
      await tryHandshake(material, this.#tls.certFile);
      this.server.update(contextOptions(material));
      this.#current = material;
      this.#problem = "";
      this.#report({ type: "certificate", state: "loaded", notAfterMs: material.notAfterMs });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem === this.#problem) return; // Reported already.
      this.#problem = problem;
      this.#report({ type: "certificate", state: "kept", notAfterMs, problem });
    }
  }

  /** Throws where the new certificate is not in date while the one in use is. */
  #checkDates({ notBeforeMs, notAfterMs }: KeyMaterial): void {
    const now = Date.now();
    if (this.#current.notAfterMs <= now || (notBeforeMs <= now && now < notAfterMs)) return;
    const text = (milliseconds: number) => new Date(milliseconds).toISOString();
    throw new Error(
      `Cannot use tls.cert-file ${this.#tls.certFile}: valid from ${text(notBeforeMs)}` +
        ` to ${text(notAfterMs)}, which is not now`,
    );
  }
}
