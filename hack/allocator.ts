import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cache_folder.ts";

/** The version of jemalloc's interface that Debian 12 and later have. */
const FILE = "libjemalloc.so.2";

/**
 * Returns the path of jemalloc, the memory allocator of the image (docs/decisions/0018-jemalloc.md): the system's, or
 * the one that hack/jemalloc.sh has fetched. Returns null if there is none; the agent then runs with the C library's allocator.
 */
export function findJemalloc(): string | null {
  const debian = `usr/lib/${Deno.build.arch}-linux-gnu`;
  const folders = [`/${debian}`, "/usr/lib64", "/usr/lib", join(cacheFolder(), "jemalloc", debian)];
  return folders.map((folder) => join(folder, FILE)).find((path) => existsSync(path)) ?? null;
}
