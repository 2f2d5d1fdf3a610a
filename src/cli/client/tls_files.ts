import { createPrivateKey, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { parseCertificates } from "../../auth/peer_certificate.ts";
import type { Endpoint } from "../../client/diagnosis.ts";
import { readText } from "../../platform/files.ts";
import { UsageError } from "../terminal.ts";
import type { ConnectionValues } from "./commands.ts";

/**
 * Reads the certificates and the key that the options name; null: no TLS. Throws UsageError if a file is unusable: the
 * platform would report a file of the wrong kind as a failed connection.
 */
export function tlsFiles(values: ConnectionValues): Endpoint["tls"] {
  if (values["insecure-plaintext"]) {
    const contrary = (["tls", "ca", "cert", "key", "server-name"] as const)
      .find((name) => values[name] !== undefined);
    if (contrary !== undefined) {
      throw new UsageError(`--insecure-plaintext and --${contrary} cannot be combined`);
    }
    return null;
  }
  const names = (option: "cert" | "key") => (values[option] ?? values.tls) !== undefined;
  if (names("cert") !== names("key")) {
    throw new UsageError("--cert and --key must be given together");
  }
  const ca = fileOf(values, "ca", "ca.crt");
  const cert = fileOf(values, "cert", "tls.crt");
  const key = fileOf(values, "key", "tls.key");
  if (ca !== null) attempt(ca, "no certificate in PEM form", () => parseCertificates(ca.bytes));
  if (cert !== null && key !== null) checkPair(cert, key);
  return {
    ca: ca?.bytes ?? null,
    cert: cert?.bytes ?? null,
    key: key?.bytes ?? null,
    serverName: values["server-name"] ?? null,
  };
}

interface PemFile {
  /** The option and the path, as the user knows them. */
  readonly name: string;
  readonly bytes: Buffer;
}

function checkPair(cert: PemFile, key: PemFile): void {
  const [certificate] = attempt(
    cert,
    "no certificate in PEM form",
    () => parseCertificates(cert.bytes),
  );
  const privateKey = attempt(
    key,
    "no PEM private key, or an encrypted one",
    () => createPrivateKey(key.bytes),
  );
  if (certificate instanceof X509Certificate && !certificate.checkPrivateKey(privateKey)) {
    throw new UsageError(`Cannot use ${key.name}: it is not the key of ${cert.name}`);
  }
}

function attempt<T>(file: PemFile, problem: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw new UsageError(`Cannot use ${file.name}: it holds ${problem}`);
  }
}

/** The file of its own option, otherwise the one with that name in the folder of --tls; null if neither is given. */
function fileOf(
  values: ConnectionValues,
  option: "ca" | "cert" | "key",
  inFolder: string,
): PemFile | null {
  const own = values[option];
  const path = own ?? (values.tls === undefined ? undefined : join(values.tls, inFolder));
  if (path === undefined) return null;
  const name = own === undefined ? "--tls" : `--${option}`;
  return { name: `${name} ${path}`, bytes: readOption(name, path) };
}

/** The file's content. Throws UsageError naming the option. */
export function readOption(option: string, path: string): Buffer {
  try {
    return Buffer.from(readText(path));
  } catch (error) {
    const why = (error as Error).message.replace(/ \(os error \d+\).*$/, "");
    throw new UsageError(`Cannot read ${option} ${path}: ${why}`);
  }
}
