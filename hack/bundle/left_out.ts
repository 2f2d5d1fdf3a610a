import type { Plugin } from "esbuild";

/** A module that a bundle omits. */
export interface LeftOut {
  /** The end of its path, as packages name it or relative to the package. */
  readonly module: string;
  /** Why it can be omitted. */
  readonly why: string;
}

/** For every program. */
export const leftOut: readonly LeftOut[] = [
  {
    module: "@grpc/proto-loader",
    why: "@grpc/grpc-js loads it only to serve channelz and ORCA, which no program here serves",
  },
];

/** For a program that has a gRPC server and makes no gRPC calls. */
export const leftOutOfServers: readonly LeftOut[] = [
  {
    module: "@grpc/grpc-js/build/src/make-client.js",
    why: "channelz and ORCA make service definitions with it, which no program here serves",
  },
  {
    module: "@grpc/grpc-js/build/src/channel-credentials.js",
    why: "ORCA's client asks another server for its load",
  },
  {
    module: "@grpc/grpc-js/build/src/service-config.js",
    why: "it is a client's, found by DNS; the server asks for none",
  },
];

/**
 * Replaces each omitted module with one that throws as soon as anything of it is accessed, so that code which needs it
 * after all fails with the location and the reason.
 */
export function withoutModules(modules: readonly LeftOut[]): Plugin {
  return {
    name: "without-modules",
    setup(build) {
      build.onResolve({ filter: /./ }, async ({ path, pluginData, ...rest }) => {
        if (pluginData === isResolving) return null;
        const named = modules.find(({ module }) => module === path);
        if (named !== undefined) return { path: named.module, namespace: "left-out" };
        // Modules of a package refer to each other by relative paths.
        if (!path.startsWith("./") && !path.startsWith("../")) return null;
        if (!rest.importer.includes("/node_modules/")) return null;
        const options = { ...rest, pluginData: isResolving };
        const { path: file } = await build.resolve(path, options);
        const found = modules.find(({ module }) => file.endsWith(`/node_modules/${module}`));
        return found === undefined ? null : { path: found.module, namespace: "left-out" };
      });
      build.onLoad({ filter: /./, namespace: "left-out" }, ({ path }) => {
        return { contents: substitute(path), loader: "js" };
      });
    },
  };
}

const isResolving = Symbol("is resolving");

/** The text of the CommonJS module that replaces an omitted one. */
export function substitute(module: string): string {
  const message = JSON.stringify(`${module} is not part of this bundle (hack/bundle/left_out.ts)`);
  return `module.exports = new Proxy({}, { get() { throw new Error(${message}); } });`;
}
