import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { freePorts } from "./free_ports.ts";

export interface Answer {
  readonly status: number;
  /** The parsed JSON body. */
  readonly body: { message?: string; reason?: string } & Record<string, unknown>;
}

/** A real etcd and kube-apiserver on loopback, initially empty and removed when disposed of. */
export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  /** PEM with which its certificate is verified. */
  readonly ca: string;
  /** PEM of the private key that signs service accounts' tokens. */
  readonly serviceAccountKey: string;
  /** Makes one request as the cluster's administrator. */
  call(method: string, path: string, body?: string, contentType?: string): Promise<Answer>;
  /** Ends kube-apiserver as a crash would; its stored data is kept. */
  crash(): Promise<void>;
  /** Starts kube-apiserver again, at the same address; resolves when it is ready. */
  restart(): Promise<void>;
}

const TOKEN = "administrator";

/** Far more than a slow machine needs. */
const DEADLINE_MS = 300_000;
/** A port that was free may belong to another process by the time a server listens on it. */
const MOST_STARTS = 3;

/**
 * @param assets the folder with the executables etcd and kube-apiserver
 * @throws Error with the end of both servers' logs when they do not get ready
 */
export async function startApiServer(assets: string): Promise<ApiServer> {
  for (let starts = 1;; starts++) {
    try {
      return await startOnce(assets);
    } catch (error) {
      if (starts === MOST_STARTS || !String(error).includes("address already in use")) throw error;
    }
  }
}

async function startOnce(assets: string): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), "api-server-"));
  const running: Deno.ChildProcess[] = [];
  const stop = async () => {
    for (const child of running.reverse()) {
      try {
        child.kill("SIGKILL"); // its data is discarded anyway
      } catch {
        // It has already ended.
      }
      await child.status;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const start = (name: string, args: string[]) => {
    // The shell is only there for the log file: exec replaces it with the process that is ended later.
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", `exec "$0" "$@" >"${folder}/${name}.log" 2>&1`, join(assets, name), ...args],
      stdin: "null",
    }).spawn();
    running.push(child);
    return child;
  };
  try {
    const [client, peer, secure] = freePorts(3);
    const key = join(folder, "sa.key");
    const signingKey = serviceAccountKey();
    writeFileSync(key, signingKey, { mode: 0o600 });
    writeFileSync(join(folder, "tokens.csv"), `${TOKEN},admin,admin,"system:masters"\n`);
    const etcd = `http://127.0.0.1:${client}`;
    const store = start("etcd", [
      `--data-dir=${folder}/etcd`,
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      "--unsafe-no-fsync",
    ]);
    const startServer = () =>
      start("kube-apiserver", [
        `--etcd-servers=${etcd}`,
        `--secure-port=${secure}`,
        "--bind-address=127.0.0.1",
        `--cert-dir=${folder}/certs`,
        `--token-auth-file=${folder}/tokens.csv`,
        "--authorization-mode=RBAC",
        `--service-account-key-file=${key}`,
        `--service-account-signing-key-file=${key}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--disable-admission-plugins=ServiceAccount",
      ]);
    const certificate = join(folder, "certs/apiserver.crt");
    const call: ApiServer["call"] = (method, path, body, contentType = "application/json") =>
      send({ port: secure!, ca: readFileSync(certificate), method, path, body, contentType });
    const ready = async (server: Deno.ChildProcess) => {
      let ended = false;
      for (const child of [store, server]) child.status.then(() => ended = true);
      for (const until = performance.now() + DEADLINE_MS;;) {
        const ready = existsSync(certificate) &&
          await call("GET", "/readyz").then((answer) => answer.status === 200, () => false);
        if (ready) return;
        if (ended || performance.now() > until) {
          const logs = ["etcd", "kube-apiserver"].map((name) =>
            readFileSync(join(folder, `${name}.log`), "utf8").slice(-2000)
          );
          throw new Error(`kube-apiserver does not get ready:\n${logs.join("\n")}`);
        }
        await wait(100); // polling is the only way to find out when it is ready
      }
    };
    let server = startServer();
    await ready(server);
    return {
      url: `https://127.0.0.1:${secure}`,
      ca: readFileSync(certificate, "utf8"),
      serviceAccountKey: signingKey,
      call,
      async crash() {
        server.kill("SIGKILL");
        await server.status;
      },
      async restart() {
        server = startServer();
        await ready(server);
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function send(
  options: {
    port: number;
    ca: Uint8Array;
    method: string;
    path: string;
    body: string | undefined;
    contentType: string;
  },
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const call = request({
    host: "127.0.0.1",
    port: options.port,
    ca: options.ca as Buffer,
    method: options.method,
    path: options.path,
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": options.contentType },
  }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part: string) => text += part);
    response.on("end", () => {
      const json = response.headers["content-type"]?.includes("json") ?? false;
      resolve({
        status: response.statusCode ?? 0,
        body: json ? JSON.parse(text) : { message: text },
      });
    });
    response.on("error", reject);
  });
  call.on("error", reject);
  call.end(options.body);
  return promise;
}

function serviceAccountKey(): string {
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  }).privateKey;
}
