import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** The order of dependence: a folder imports only from itself and from those before it. */
const layers = [
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
  "agent",
  "cli",
  "", // src/ itself: the programs' entries
];

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

const src = new URL("../../src/", import.meta.url).href;

Deno.test("imports point only upwards in the order of layers", async () => {
  const modules = await moduleGraph();
  assert.ok(modules.length > 30, `only ${modules.length} modules: the graph was not read`);
  const wrong: string[] = [];
  for (const module of modules) {
    for (const target of importsOf(module)) {
      if (layerOf(target) > layerOf(module.specifier)) {
        wrong.push(`${short(module.specifier)} imports ${short(target)}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("no module imports itself by way of others", async () => {
  const imports = new Map((await moduleGraph()).map((m) => [m.specifier, importsOf(m)]));
  const done = new Set<string>();
  const visit = (module: string, path: readonly string[]): void => {
    const at = path.indexOf(module);
    assert.equal(at, -1, `a cycle: ${[...path.slice(at), module].map(short).join(" -> ")}`);
    if (done.has(module)) return;
    for (const target of imports.get(module) ?? []) visit(target, [...path, module]);
    done.add(module);
  };
  for (const module of imports.keys()) visit(module, []);
});

Deno.test("only src/platform says Deno.", async () => {
  const speaking: string[] = [];
  for (const { specifier } of await moduleGraph()) {
    if (!specifier.endsWith(".ts") || specifier.startsWith(`${src}platform/`)) continue;
    if (specifier.startsWith(`${src}generated/`)) continue;
    const text = await Deno.readTextFile(fileURLToPath(specifier));
    const code = text.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    if (/(^|[^."'`\w])Deno\./m.test(code)) speaking.push(short(specifier));
  }
  assert.deepEqual(speaking, []);
});

/** Every module of the project under src/, with what it imports. */
async function moduleGraph(): Promise<Module[]> {
  const entries = ["main.ts", "tools_main.ts", "pool/worker.ts"].map((path) =>
    fileURLToPath(new URL(path, src))
  );
  const modules = new Map<string, Module>();
  for (const entry of entries) {
    const { stdout, success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", entry],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    for (const module of JSON.parse(new TextDecoder().decode(stdout)).modules as Module[]) {
      if (module.specifier.startsWith(src)) modules.set(module.specifier, module);
    }
  }
  return [...modules.values()];
}

function importsOf(module: Module): string[] {
  return (module.dependencies ?? [])
    .map((dependency) => dependency.code?.specifier ?? dependency.type?.specifier ?? "")
    .filter((specifier) => specifier.startsWith(src));
}

function layerOf(specifier: string): number {
  const path = short(specifier);
  const folder = path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
  const layer = layers.indexOf(folder);
  assert.notEqual(layer, -1, `src/${folder} has no place in the order of layers`);
  return layer;
}

function short(specifier: string): string {
  return specifier.slice(src.length);
}
