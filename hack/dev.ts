/**
 * Runs the agent from source on this machine, restarted when a source file changes, against the cluster of the current
 * kubeconfig: that cluster's API server decides who may read what.
 *
 *     deno task dev [--logs FOLDER] [--inspect-wait] [more arguments of serve]
 *
 * Logs: those of FOLDER/containers and the files in FOLDER that they link to; by default /var/log (a kind cluster
 * created with hack/kind/dev.yaml writes there).
 * gRPC without TLS on 127.0.0.1:50051, for callers with tokens (kubectl create token NAME); status page on
 * http://127.0.0.1:9464/; inspector on 127.0.0.1:9229.
 */
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { kubeconfigAccess } from "./launch/kubeconfig.ts";
import { agent, runFlags } from "./permissions.ts";
import { answerHelp } from "./usage.ts";

answerHelp(import.meta.url);

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

const { files, servers, commands } = kubeconfigAccess(
  process.env.KUBECONFIG ?? join(homedir(), ".kube/config"),
);
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
  env: agent.environment,
  args: [
    "run",
    "--watch",
    "--no-clear-screen",
    inspect,
    ...flags,
    ...(commands.length > 0 ? [`--allow-run=${commands.join(",")}`] : []),
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
  // The agent would end gracefully, but the process that watches the sources would wait for the next change.
  Deno.addSignalListener(signal, () => child.kill("SIGKILL"));
}
await child.status;
Deno.exit(0);

/** Removes an option and its value from the arguments. */
function option(name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}
