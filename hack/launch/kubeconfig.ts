import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { load } from "js-yaml";

/** What a program must read, reach and run to use kubeconfig files. */
export interface KubeconfigAccess {
  readonly files: readonly string[];
  /** HOST:PORT. */
  readonly servers: readonly string[];
  /** Programs that provide credentials. */
  readonly commands: readonly string[];
}

interface Kubeconfig {
  readonly clusters?: readonly { readonly cluster?: Readonly<Record<string, string>> }[];
  readonly users?: readonly {
    readonly user?: Readonly<Record<string, unknown>> & { readonly exec?: { command?: string } };
  }[];
}

/**
 * Reads the files that KUBECONFIG lists, separated by colons. Of files that do not exist, only the path counts, as in
 * kubectl.
 */
export function kubeconfigAccess(list: string): KubeconfigAccess {
  const files = list.split(":").filter((file) => file !== "").map((file) => resolve(file));
  const named: string[] = [];
  const servers: string[] = [];
  const commands: string[] = [];
  for (const file of files.filter((file) => existsSync(file))) {
    const config = (load(readFileSync(file, "utf8")) ?? {}) as Kubeconfig;
    for (const { cluster = {} } of config.clusters ?? []) {
      if (cluster.server !== undefined) {
        const { hostname, port, protocol } = new URL(cluster.server);
        servers.push(`${hostname}:${port || (protocol === "http:" ? "80" : "443")}`);
      }
      named.push(...paths(file, [cluster["certificate-authority"]]));
    }
    for (const { user = {} } of config.users ?? []) {
      const { exec, tokenFile } = user;
      named.push(...paths(file, [user["client-certificate"], user["client-key"], tokenFile]));
      if (exec?.command !== undefined) commands.push(exec.command);
    }
  }
  return { files: [...files, ...named], servers, commands };
}

/** Paths in a kubeconfig are relative to it. */
function paths(kubeconfig: string, values: readonly unknown[]): string[] {
  return values.filter((value): value is string => typeof value === "string")
    .map((path) => isAbsolute(path) ? path : join(dirname(kubeconfig), path));
}
