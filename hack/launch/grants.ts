import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseAddress } from "../../src/config/address.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema.ts";
import { agent, runFlags } from "../permissions.ts";
import { kubeconfigAccess } from "./kubeconfig.ts";

/** What a configuration names but the released binary was not granted. */
export interface Grants {
  /** Paths, as accepted by --allow-read. */
  readonly read: readonly string[];
  /** HOST or HOST:PORT. */
  readonly net: readonly string[];
  /** Names of environment variables. */
  readonly env: readonly string[];
  /** Programs, by name or path. */
  readonly run: readonly string[];
}

export interface Sources {
  readonly file?: string;
  readonly addr?: string;
  readonly params: readonly string[];
}

/**
 * What the agent needs in addition to the binary's permissions to serve this configuration: the folders and files that
 * it names, the addresses it listens on, the variables it refers to, and the cluster of KUBECONFIG. For an unusable
 * configuration, only its file is granted: the agent reports what is wrong.
 */
export async function grantsFor(
  sources: Sources,
  env: (name: string) => string | undefined,
): Promise<Grants> {
  const { file } = sources;
  const read: string[] = file === undefined ? [] : withReal(file);
  const kubeconfig = kubeconfigAccess(env("KUBECONFIG") ?? "");
  const names = env("KUBECONFIG") === undefined ? [] : ["KUBECONFIG"];
  if (file !== undefined && existsSync(file)) names.push(...references(readFileSync(file, "utf8")));
  const net: string[] = [];
  try {
    const { config } = await loadConfig(sources);
    read.push(...pathsOf(config).flatMap(withReal));
    net.push(...hostsOf(config));
  } catch {
    // The agent reads the same file and reports what is wrong with it.
  }
  read.push(...kubeconfig.files.flatMap(withReal));
  net.push(...kubeconfig.servers);
  return {
    read: beyond("--allow-read=", read, (granted, path) => isWithin(granted, path)),
    net: beyond("--allow-net=", net, (granted, host) => host.replace(/:\d+$/, "") === granted),
    env: beyond(
      "--allow-env=",
      names,
      (granted, name) => new RegExp(`^${granted.replace("*", ".*")}$`).test(name),
    ),
    run: [...new Set(kubeconfig.commands)],
  };
}

/** The binary's flags for `deno run` of the sources, plus the grants. */
export function flagsWith(grants: Grants): string[] {
  const more: Readonly<Record<string, readonly string[]>> = {
    "--allow-read=": grants.read,
    "--allow-net=": grants.net,
    "--allow-env=": grants.env,
  };
  const flags = runFlags(agent).map((flag) => {
    const kind = Object.keys(more).find((kind) => flag.startsWith(kind));
    return kind === undefined ? flag : [flag, ...more[kind]!].join(",");
  });
  return grants.run.length === 0 ? flags : [...flags, `--allow-run=${grants.run.join(",")}`];
}

/** The grants, for the person who started it; empty if the binary's permissions suffice. */
export function describeGrants({ read, net, env, run }: Grants): string {
  const lines = Object.entries({ read, "connect and listen": net, environment: env, run })
    .filter(([, values]) => values.length > 0)
    .map(([kind, values]) => `  ${kind}: ${values.join(", ")}\n`);
  return lines.length === 0
    ? ""
    : `Granted for this run, beyond what a released binary may:\n${lines.join("")}`;
}

function pathsOf(config: Config): string[] {
  const { tls } = config;
  const files = tls.enabled
    ? [tls.certFile, tls.keyFile, ...tls.clientAuth === "none" ? [] : [tls.caFile]]
    : [];
  return [config.containerLogsDir, ...config.logRoots, ...files];
}

/**
 * The name of this machine must be granted explicitly to listen on it; all addresses and loopback are already granted.
 */
function hostsOf(config: Config): string[] {
  return [config.addr, config.telemetry.addr].flatMap((address) => {
    const host = parseAddress(address)?.host ?? "";
    return host === "" ? [] : [host.includes(":") ? `[${host}]` : host];
  });
}

/** Names of `${NAME}` and `${NAME:default}` in a configuration file. */
function references(text: string): string[] {
  return [...text.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)/g)].map((match) => match[1]!);
}

/** A path, its target, and, for a file of a Secret that is swapped, the folder of its versions. */
function withReal(path: string): string[] {
  const at = resolve(path);
  try {
    const real = realpathSync(at);
    if (real === at) return [at];
    // The kubelet swaps a link `..data` next to the file: the next version has another real path.
    return real.startsWith(`${dirname(at)}/..`) ? [dirname(at)] : [at, real];
  } catch {
    return [at]; // not there yet
  }
}

function beyond(
  kind: string,
  wanted: readonly string[],
  covers: (granted: string, wanted: string) => boolean,
): string[] {
  const flag = runFlags(agent).find((flag) => flag.startsWith(kind)) ?? kind;
  const granted = flag.slice(kind.length).split(",");
  return [...new Set(wanted)].filter((one) => !granted.some((each) => covers(each, one)));
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
