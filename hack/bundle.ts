/**
 * Bundles a program: its own modules and the used parts of its packages, as a few JavaScript files next to its workers
 * and WebAssembly modules. `deno task compile` embeds the result in a binary.
 *
 *     deno run -A hack/bundle.ts kubetail-cluster-agent FOLDER
 *
 * It uses esbuild, because `deno bundle` 2.9.6 fails on this module graph.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import * as esbuild from "esbuild";
import { leftOut, leftOutOfServers, withoutModules } from "./bundle/left_out.ts";
import { licenseFile } from "./bundle/licenses.ts";
import { lineMap } from "./bundle/line_maps.ts";
import { installPackages, type Package, packageOf } from "./bundle/packages.ts";
import { softwareBillOfMaterials } from "./bundle/sbom.ts";
import { type Program, programs } from "./permissions.ts";

export interface Bundle {
  readonly folder: string;
  /** Path of the module to start. */
  readonly entry: string;
  /** Paths that the entry's module graph does not contain: workers, WebAssembly modules, data, source maps. */
  readonly include: readonly string[];
  /** The packages with code in the bundle, by name. */
  readonly packages: readonly Package[];
  /** Licenses of everything in the bundle, as one text. */
  readonly licenses: string;
  /** CycloneDX, JSON. */
  readonly sbom: string;
}

const project = resolve(import.meta.dirname!, "..");

/** Writes the bundle of a program into a folder. Throws an Error that names what cannot be bundled. */
export async function bundle(program: Program, folder: string): Promise<Bundle> {
  const scripts = program.include.filter((path) => path.endsWith(".ts"));
  const data = program.include.filter((path) => !path.endsWith(".ts"));
  mkdirSync(folder, { recursive: true });
  const { metafile, warnings } = await esbuild.build({
    entryPoints: [program.entry, ...scripts].map((path) => join(project, path)),
    outdir: folder,
    entryNames: "[name]",
    chunkNames: "chunk-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "esnext",
    nodePaths: [installPackages()],
    // Its build for Node creates a `require` to start workers; nothing here makes it start any.
    alias: { fflate: "fflate/browser" },
    // Less text for the runtime to keep. Names are kept: stack traces contain them.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none", // they are in the license file
    sourcemap: "linked",
    sourcesContent: false,
    metafile: true,
    absWorkingDir: project,
    logLevel: "silent",
    plugins: [
      ...program.callsGrpc ? [withoutModules(leftOut)] : [
        grpcServerAlone(),
        withoutModules([...leftOut, ...leftOutOfServers]),
      ],
      withoutPackagesMaps(),
      webAssemblyBeside(),
      workersBeside([program.entry, ...scripts]),
      onlyVersion(),
      platformModules(),
    ],
  });
  await esbuild.stop();
  if (warnings.length > 0) {
    throw new Error(warnings.map(({ text, location }) => `${location?.file}: ${text}`).join("\n"));
  }
  const maps = Object.keys(metafile.outputs).filter((path) => path.endsWith(".map"))
    .map((path) => resolve(project, path));
  for (const path of maps) {
    writeFileSync(path, JSON.stringify(lineMap(JSON.parse(readFileSync(path, "utf8")))));
  }
  for (const path of data) {
    cpSync(join(project, path), join(folder, basename(path)), { recursive: true });
  }
  // A binary embeds the times of its files: with fixed times, equal sources give equal bytes.
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    utimesSync(join(folder, path), 0, 0);
  }
  const packages = packagesIn(Object.keys(metafile.inputs));
  return {
    folder,
    entry: join(folder, javaScriptName(program.entry)),
    include: [
      ...[...scripts.map(javaScriptName), ...data.map((path) => basename(path))]
        .map((name) => join(folder, name)),
      ...maps,
    ],
    packages,
    licenses: licenseFile(packages),
    sbom: softwareBillOfMaterials(program.name, packages),
  };
}

function packagesIn(inputs: readonly string[]): Package[] {
  const found = new Map<string, Package>();
  for (const input of inputs) {
    const one = packageOf(resolve(project, input));
    if (one !== null) found.set(`${one.name}@${one.version}`, one);
  }
  return [...found].sort(([a], [b]) => a < b ? -1 : 1).map(([, one]) => one);
}

function javaScriptName(path: string): string {
  return basename(path).replace(/\.ts$/, ".js");
}

/**
 * Maps the first position of a module to a source without a name, and nothing else. esbuild ignores a map that names no
 * source.
 */
const emptyMap = {
  version: 3,
  sources: [""],
  mappings: "AAAA",
};

/**
 * Packages' modules have no source maps. The runtime keeps all maps in memory as soon as it loads a module; without
 * those of packages, an idle agent needs 1 MB less. A stack trace names a package's function and its position in the
 * bundle.
 */
function withoutPackagesMaps(): esbuild.Plugin {
  const map = btoa(JSON.stringify(emptyMap));
  return {
    name: "without-packages-maps",
    setup(build) {
      // esbuild keeps a map that a module brings along, so an empty one replaces it.
      build.onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/ }, ({ path }) => ({
        contents: `${
          readFileSync(path, "utf8")
        }\n//# sourceMappingURL=data:application/json;base64,${map}`,
        loader: "js",
      }));
    },
  };
}

/** WebAssembly modules are next to the bundle, imported in the source phase as in the sources. */
function webAssemblyBeside(): esbuild.Plugin {
  return {
    name: "web-assembly-beside",
    setup(build) {
      build.onResolve({ filter: /\.wasm$/ }, ({ path }) => ({
        path: `./${basename(path)}`,
        external: true,
      }));
    },
  };
}

/** A worker is started by its URL relative to the module, which is now a file of the bundle. */
function workersBeside(entries: readonly string[]): esbuild.Plugin {
  return {
    name: "workers-beside",
    setup(build) {
      build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
        const contents = readFileSync(path, "utf8").replace(
          /new URL\(\s*"([^"]+\.ts)",\s*import\.meta\.url/g,
          (_, address: string) => {
            const target = relative(project, join(dirname(path), address));
            if (!entries.includes(target)) {
              throw new Error(`${path} starts ${target}, which is no entry of the bundle`);
            }
            return `new URL("./${javaScriptName(target)}", import.meta.url`;
          },
        );
        return { contents, loader: "ts" };
      });
    },
  };
}

/** Only the version of deno.json is imported; programs need not carry the rest. */
function onlyVersion(): esbuild.Plugin {
  return {
    name: "only-version",
    setup(build) {
      build.onLoad({ filter: /\/deno\.json$/ }, ({ path }) => {
        const { version } = JSON.parse(readFileSync(path, "utf8"));
        return { contents: JSON.stringify({ version }), loader: "json" };
      });
    },
  };
}

/**
 * Packages name Node's modules with and without `node:`; Deno requires the prefix if there are no packages. Modules
 * that CommonJS packages require are imported: ES modules have no `require`, and creating one (node:module) loads 2 MB
 * of the runtime.
 */
function platformModules(): esbuild.Plugin {
  return {
    name: "platform-modules",
    setup(build) {
      build.onResolve({ filter: /^(?:node:)?[a-z_0-9]+(?:\/[a-z]+)?$/ }, ({ path, kind }) => {
        const name = path.replace(/^node:/, "");
        if (!builtinModules.includes(name)) return null;
        return kind === "require-call"
          ? { path: name, namespace: "required" }
          : { path: `node:${name}`, external: true };
      });
      build.onResolve({ filter: /^imported:/ }, ({ path }) => ({
        path: path.slice("imported:".length),
        namespace: "imported",
      }));
      build.onLoad({ filter: /./, namespace: "required" }, ({ path }) => ({
        contents: `module.exports = require("imported:${path}").default;`,
      }));
      build.onLoad({ filter: /./, namespace: "imported" }, ({ path }) => ({
        contents: `export { default } from "node:${path}";`,
      }));
    },
  };
}

/** The gRPC library of a program that makes no gRPC calls. */
function grpcServerAlone(): esbuild.Plugin {
  return {
    name: "grpc-server-alone",
    setup(build) {
      build.onResolve({ filter: /^@grpc\/grpc-js$/ }, () => ({
        path: join(project, "hack/bundle/grpc_server.ts"),
      }));
    },
  };
}

if (import.meta.main) {
  const [name, folder] = Deno.args;
  const program = programs.find((program) => program.name === name);
  if (program === undefined || folder === undefined) {
    console.error(`usage: bundle.ts ${programs.map(({ name }) => name).join("|")} FOLDER`);
    Deno.exit(2);
  }
  const made = await bundle(program, resolve(folder));
  writeFileSync(join(made.folder, "LICENSES.txt"), made.licenses);
  writeFileSync(join(made.folder, "sbom.cdx.json"), made.sbom);
  console.log(made.entry);
}
