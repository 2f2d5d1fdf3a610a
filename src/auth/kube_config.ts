import { isIP } from "node:net";
import { dirname, isAbsolute, join } from "node:path";
import type { Cluster, User } from "@kubernetes/client-node/dist/config_types.js";
import { isLoopback } from "../config/address.ts";
import { fileErrorKind, readText } from "../platform/files.ts";
import { env as processEnv } from "../platform/process.ts";

/** Where the API server is, and the account that the agent uses for it. */
export interface ApiServerAccess {
  /** Base of all paths; https, or http on a loopback address. */
  readonly url: URL;
  /** The name that the server's certificate must have, if it is not the URL's. */
  readonly serverName: string | undefined;
  /** PEM of the CAs, read from its file each time; undefined: those of the system. */
  certificateAuthority(): string | undefined;
  /** The agent's own credentials, read from their files each time, because they rotate. */
  account(): Promise<Account>;
}

export interface Account {
  readonly token?: string;
  /** PEM. */
  readonly certificate?: string;
  /** PEM. */
  readonly key?: string;
}

/** The API server cannot be found, or its configuration cannot be used. The text names the file and the key. */
export class KubeConfigError extends Error {
  override readonly name = "KubeConfigError";
}

/** A user entry, with the key that the library does not support. */
type Credentials = Partial<User> & { readonly tokenFile?: string };

/** Where Kubernetes mounts a pod's account (kubernetes.io, "Accessing the Kubernetes API from a Pod"). */
const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Finds the API server: through KUBECONFIG if it is set; in a pod through its service account; otherwise through
 * ~/.kube/config. Throws KubeConfigError.
 */
export async function findApiServer(
  options: {
    readonly env?: (name: string) => string | undefined;
    readonly serviceAccountFolder?: string;
  } = {},
): Promise<ApiServerAccess> {
  const env = options.env ?? processEnv;
  const files = (env("KUBECONFIG") ?? "").split(":").filter((file) => file !== "");
  if (files.length > 0) return await fromKubeConfig(files);

  const host = env("KUBERNETES_SERVICE_HOST");
  const port = env("KUBERNETES_SERVICE_PORT");
  if (host !== undefined && host !== "" && port !== undefined && port !== "") {
    return fromPod(host, port, options.serviceAccountFolder ?? SERVICE_ACCOUNT_FOLDER);
  }

  const home = env("HOME");
  if (home !== undefined && home !== "") {
    const file = join(home, ".kube/config");
    if (readOptional(file) !== null) return await fromKubeConfig([file]);
  }
  throw new KubeConfigError(
    "Cannot find the Kubernetes API server: not in a pod (no KUBERNETES_SERVICE_HOST), " +
      "no KUBECONFIG, no ~/.kube/config",
  );
}

function fromPod(host: string, port: string, folder: string): ApiServerAccess {
  const server = `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const where = "KUBERNETES_SERVICE_HOST and _PORT";
  return access(
    { name: "pod", server, caFile: `${folder}/ca.crt`, skipTLSVerify: false },
    { tokenFile: `${folder}/token` },
    where,
  );
}

/** Missing files are skipped; of two entries with one name, the first counts, as in kubectl. */
async function fromKubeConfig(files: readonly string[]): Promise<ApiServerAccess> {
  // Import only the module that reads kubeconfig entries, not the hundreds that the package's index pulls in; a pod,
  // which has no kubeconfig, does not even load this one (docs/decisions/0004-access-review-client.md).
  const { newClusters, newContexts, newUsers } = await import(
    "@kubernetes/client-node/dist/config_types.js"
  );
  const { load } = await import("js-yaml");
  const clusters: Cluster[] = [];
  const contexts: { name: string; cluster: string; user: string | undefined }[] = [];
  const users: Credentials[] = [];
  let current: string | undefined;
  let found = false;
  for (const file of files) {
    const text = readOptional(file);
    if (text === null) continue;
    found = true;
    const config = parseKubeConfig(() => load(text), file);
    const at = (path: string | undefined) => {
      if (path === undefined || path === null || path === "") return undefined;
      return isAbsolute(path) ? path : join(dirname(file), path);
    };
    try {
      clusters.push(
        ...newClusters(config["clusters"]).map((cluster) => {
          const caFile = at(cluster.caFile);
          return caFile === undefined ? cluster : { ...cluster, caFile };
        }),
      );
      contexts.push(...newContexts(config["contexts"]));
      users.push(
        ...newUsers(config["users"]).map((user) => ({
          ...user,
          ...definedOnly({
            certFile: at(user.certFile),
            keyFile: at(user.keyFile),
            tokenFile: at(tokenFileOf(config["users"], user.name)),
          }),
        })),
      );
    } catch (error) {
      throw new KubeConfigError(`Cannot use ${file}: ${messageOf(error)}`, { cause: error });
    }
    const context = config["current-context"];
    if (typeof context === "string" && context !== "") current ??= context;
  }
  const where = files.join(":");
  if (!found) throw new KubeConfigError(`Cannot use KUBECONFIG: no such file: ${where}`);
  if (current === undefined) throw new KubeConfigError(`Cannot use ${where}: no current-context`);
  const context = contexts.find((each) => each.name === current);
  if (context === undefined) {
    throw new KubeConfigError(`Cannot use ${where}: no context ${current}`);
  }
  const cluster = clusters.find((each) => each.name === context.cluster);
  if (cluster === undefined) {
    throw new KubeConfigError(`Cannot use ${where}: no cluster ${context.cluster}`);
  }
  const user = users.find((each) => each.name === context.user);
  if (user === undefined && context.user !== undefined) {
    throw new KubeConfigError(`Cannot use ${where}: no user ${context.user}`);
  }
  return access(cluster, user ?? {}, where);
}

function access(cluster: Cluster, user: Credentials, where: string): ApiServerAccess {
  const refuse = (what: string) => new KubeConfigError(`Cannot use ${where}: ${what}`);
  let url: URL;
  try {
    url = new URL(cluster.server);
  } catch {
    throw refuse(`server ${JSON.stringify(cluster.server)} is not a URL`);
  }
  // Callers' tokens are sent to this address.
  const local = url.protocol === "http:" && isLoopback(url.hostname.replace(/^\[|\]$/g, ""));
  if (url.protocol !== "https:" && !local) {
    throw refuse(`server ${cluster.server}: https is required, except on a loopback address`);
  }
  if (cluster.skipTLSVerify) {
    throw refuse(
      "insecure-skip-tls-verify: an API server that is not verified could allow anything",
    );
  }
  if (cluster.proxyUrl) throw refuse("proxy-url is not supported");
  if (user.authProvider) throw refuse("auth-provider is not supported; use exec or a token");
  if (user.impersonateUser) throw refuse("as (impersonation) is not supported");
  if (user.username) {
    throw refuse("username and password: no API server has accepted them since 1.19");
  }

  const authority = fileOrData("certificate-authority-data", cluster.caFile, cluster.caData);
  const certificate = fileOrData("client-certificate-data", user.certFile, user.certData);
  const key = fileOrData("client-key-data", user.keyFile, user.keyData);
  let execAuth: Promise<(user: Credentials) => Promise<Account>> | null = null;
  return {
    url,
    serverName: cluster.tlsServerName,
    certificateAuthority: authority,
    async account() {
      if (user.exec) {
        execAuth ??= loadExecAuth();
        return (await execAuth)(user);
      }
      return definedOnly({
        token: user.tokenFile === undefined ? user.token : readText(user.tokenFile).trim(),
        certificate: certificate(),
        key: key(),
      });
    },
  };

  /** Reads the file each time, or returns the inline data; a file takes precedence. */
  function fileOrData(
    name: string,
    file: string | undefined,
    data: string | undefined,
  ): () => string | undefined {
    if (file) return () => readText(file);
    if (!data) return () => undefined;
    try {
      const decoded = atob(data);
      return () => decoded;
    } catch {
      throw refuse(`${name}: not base64`);
    }
  }
}

/** Credential plugins (client-go credential plugins), for local runs: in a pod, the agent may not start programs. */
async function loadExecAuth(): Promise<(user: Credentials) => Promise<Account>> {
  const { ExecAuth } = await import("@kubernetes/client-node/dist/exec_auth.js");
  const plugin = new ExecAuth();
  return async (user) => {
    const options: { headers: Record<string, string>; cert?: string; key?: string } = {
      headers: {},
    };
    try {
      await plugin.applyAuthentication(
        { name: "", skipTLSVerify: false, ...user } as User,
        options,
      );
    } catch (error) {
      // JSON.parse quotes invalid input, and the plugin's output is a credential.
      if (!(error instanceof SyntaxError)) throw error;
      throw new KubeConfigError("The credential plugin's output is not valid JSON", {
        cause: error,
      });
    }
    return definedOnly({
      token: options.headers["Authorization"]?.replace(/^Bearer /, ""),
      certificate: options.cert,
      key: options.key,
    });
  };
}

function parseKubeConfig(parse: () => unknown, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse();
  } catch (error) {
    // The parser's own message quotes the lines around the error, one of which may contain a token.
    throw new KubeConfigError(`Cannot parse ${file}: not valid YAML${placeOf(error)}`, {
      cause: error,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new KubeConfigError(`Cannot use ${file}: not a kubeconfig file`);
  }
  return value as Record<string, unknown>;
}

/** Where js-yaml found an error in the file: its marks count from 0. */
function placeOf(error: unknown): string {
  const mark = (error as { mark?: { line?: unknown; column?: unknown } } | null)?.mark;
  if (typeof mark?.line !== "number" || typeof mark.column !== "number") return "";
  return ` (line ${mark.line + 1}, column ${mark.column + 1})`;
}

/** `users[].user.tokenFile`, which the library's reader ignores. */
function tokenFileOf(users: unknown, name: string): string | undefined {
  if (!Array.isArray(users)) return undefined;
  const entry: unknown = users.find((each) => each?.name === name)?.user?.tokenFile;
  return typeof entry === "string" && entry !== "" ? entry : undefined;
}

function readOptional(file: string): string | null {
  try {
    return readText(file);
  } catch (error) {
    if (fileErrorKind(error) === "not-found") return null;
    throw new KubeConfigError(`Cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

type Defined<T> = { [K in keyof T]?: NonNullable<T[K]> };

function definedOnly<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, each]) => each !== undefined && each !== null),
  ) as Defined<T>;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
