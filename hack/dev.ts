/**
 * Runs the agent from its sources on this machine, restarted when a source changes, against the
 * cluster of the current kubeconfig: that cluster's API server says who may read what.
 *
 *     deno task dev [--logs FOLDER] [--inspect-wait] [more arguments of serve]
 *
 * Logs: those of FOLDER/containers and whatever in FOLDER they are links to; by default /var/log (a kind
 * cluster made with hack/kind/dev.yaml writes there).
 * gRPC without TLS on 127.0.0.1:50051, for callers with tokens (kubectl create token NAME); status
 * page on http://127.0.0.1:9464/; inspector on 127.0.0.1:9229.
 */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import process from "node:process";
import { load } from "js-yaml";
import { agent, runFlags } from "./permissions.ts";

const args = [...Deno.args];
const logs = resolve(option("--logs") ?? "/var/log");
const inspect = args.includes("--inspect-wait") ? "--inspect-wait" : "--inspect";
const rest = args.filter((arg) => arg !== "--inspect-wait");

if (!existsSync(join(logs, "containers"))) {
  console.error(
    `There is no ${logs}/containers. Name another folder with --logs, or make a kind cluster that ` +
      "shares its logs: hack/kind/up.sh hack/kind/dev.yaml (docs/development.md)",
  );
  Deno.exit(2);
}

const { files, servers } = kubeconfigAccess();
const flags = runFlags(agent).map((flag) => {
  if (flag.startsWith("--allow-read=")) {
    return [flag, "hack/dev", logs, realpathSync(logs), ...files].join(",");
  }
  if (flag.startsWith("--allow-net=")) return [flag, ...servers].join(",");
  if (flag.startsWith("--allow-env=")) return `${flag},KUBECONFIG,HOME`;
  return flag;
});

const child = new Deno.Command(Deno.execPath(), {
  cwd: resolve(import.meta.dirname!, ".."),
  args: [
    "run",
    "--watch",
    "--no-clear-screen",
    inspect,
    ...flags,
    agent.entry,
    "serve",
    "--config",
    "hack/dev/config.yaml",
    "--param",
    `container-logs-dir:${join(logs, "containers")}`,
    ...(logs === "/var/log" ? [] : ["--param", `log-roots:${realpathSync(logs)}`]),
    ...rest,
  ],
}).spawn();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // The agent would end gracefully, but what watches the sources would wait for the next change.
  Deno.addSignalListener(signal, () => child.kill("SIGKILL"));
}
await child.status;
Deno.exit(0);

/** What the agent must read and reach to use the kubeconfig: the files, those named in them, the servers. */
function kubeconfigAccess(): { files: string[]; servers: string[] } {
  const files = (process.env.KUBECONFIG ?? join(homedir(), ".kube/config")).split(":")
    .filter((file) => file !== "").map((file) => resolve(file));
  const servers: string[] = [];
  const named: string[] = [];
  for (const file of files.filter((file) => existsSync(file))) {
    const config = load(readFileSync(file, "utf8")) as {
      clusters?: { cluster?: Record<string, string> }[];
      users?: { user?: Record<string, unknown> }[];
    };
    for (const { cluster = {} } of config.clusters ?? []) {
      if (cluster.server !== undefined) {
        const url = new URL(cluster.server);
        servers.push(`${url.hostname}:${url.port || "443"}`);
      }
      named.push(...paths(file, [cluster["certificate-authority"]]));
    }
    for (const { user = {} } of config.users ?? []) {
      named.push(
        ...paths(file, [user["client-certificate"], user["client-key"], user["tokenFile"]]),
      );
    }
  }
  return { files: [...files, ...named], servers };
}

/** Paths in a kubeconfig are relative to it. */
function paths(kubeconfig: string, values: readonly unknown[]): string[] {
  return values.filter((value): value is string => typeof value === "string")
    .map((path) => isAbsolute(path) ? path : join(dirname(kubeconfig), path));
}

/** Takes an option and its value out of the arguments. */
function option(name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}
