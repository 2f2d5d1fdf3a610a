/**
 * Serves container logs from source, with a configuration of your own in any folder:
 *
 *     deno task serve -c FILE [more arguments of serve]
 *
 * The agent gets the released binary's permissions, plus exactly what the configuration names: its folders,
 * certificates and addresses. Each is printed on standard error. If KUBECONFIG is set, that cluster's API server
 * decides who may read what.
 */
import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import process from "node:process";
import { serveCommand } from "../src/cli/agent_commands.ts";
import { readConfigSources } from "../src/cli/config_options.ts";
import {
  describeGrants,
  flagsWith,
  type Grants,
  grantsFor,
  type Sources,
} from "./launch/grants.ts";
import { agent } from "./permissions.ts";

const NOTHING: Grants = { read: [], net: [], env: [], run: [] };

/** The configuration in the arguments; null if they cannot be read, which the agent will explain. */
function sourcesOf(args: readonly string[]): Sources | null {
  try {
    const sources = readConfigSources(serveCommand, args);
    return sources.file === undefined ? sources : { ...sources, file: found(sources.file) };
  } catch {
    return null;
  }
}

/** A task runs in the project's folder; INIT_CWD is where it was called (Deno manual, "deno task"). */
function found(file: string): string {
  const called = join(process.env.INIT_CWD ?? ".", file);
  return isAbsolute(file) || existsSync(file) || !existsSync(called) ? file : resolve(called);
}

const sources = sourcesOf(Deno.args);
const grants = sources === null ? NOTHING : await grantsFor(sources, (name) => process.env[name]);
await Deno.stderr.write(new TextEncoder().encode(describeGrants(grants)));
const child = new Deno.Command(Deno.execPath(), {
  args: [
    "run",
    ...flagsWith(grants),
    agent.entry,
    "serve",
    ...Deno.args,
    // If an option is given twice, the last one counts: the file as it was found.
    ...sources?.file === undefined ? [] : ["--config", sources.file],
  ],
  cwd: resolve(import.meta.dirname!, ".."),
  env: agent.environment,
}).spawn();
// Ctrl+C reaches the agent directly; signals to this process alone are passed on.
Deno.addSignalListener("SIGINT", () => {});
Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
Deno.exit((await child.status).code);
