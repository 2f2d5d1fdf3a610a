/** The imports between the modules of src/, as `deno info` reads them from the sources. */
import { fileURLToPath } from "node:url";

/** The order of dependence: a folder imports only from itself and from earlier ones. */
export const layers: readonly string[] = [
  "failure",
  "platform",
  "telemetry",
  "config",
  "generated",
  "scan",
  "files",
  "pool",
  "stream",
  "metadata",
  "auth",
  "rpc",
  "client",
  "local_search",
  "agent",
  "demo",
  "cli",
  "", // src/ itself: the programs' entries
];

/** Paths relative to src/, each with the paths that it imports. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

const src = new URL("../src/", import.meta.url).href;
const entries = ["main.ts", "tools_main.ts", "pool/worker.ts"];

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

/** Every module that the programs and the worker reach. Rejects with the output of `deno info` if it fails. */
export async function importGraph(): Promise<ImportGraph> {
  const graph = new Map<string, string[]>();
  for (const entry of entries) {
    const { stdout, success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", fileURLToPath(new URL(entry, src))],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    for (const module of JSON.parse(new TextDecoder().decode(stdout)).modules as Module[]) {
      if (!module.specifier.startsWith(src)) continue;
      graph.set(short(module.specifier), importsOf(module));
    }
  }
  return graph;
}

/** The folder of src/ that contains a module; "" for src/ itself. */
export function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

function importsOf(module: Module): string[] {
  return (module.dependencies ?? [])
    .map((dependency) => dependency.code?.specifier ?? dependency.type?.specifier ?? "")
    .filter((specifier) => specifier.startsWith(src)).map(short);
}

function short(specifier: string): string {
  return specifier.slice(src.length);
}
