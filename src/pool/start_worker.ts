import { hasReadPermission } from "../platform/permissions.ts";

/** Starts a worker that may read the roots (without them: all that this process may read) and nothing else. */
export function startWorker(readRoots?: () => readonly string[]): Worker {
  const url = new URL("./worker.ts", import.meta.url);
  if (readRoots === undefined) return new Worker(url, { type: "module" });
  // To ask for more than the process has would be refused as a whole.
  const read = readRoots().filter(hasReadPermission);
  return new Worker(url, {
    type: "module",
    deno: {
      permissions: {
        read: read.length > 0 ? read : false,
        env: false,
        ffi: false,
        import: false,
        net: false,
        run: false,
        sys: false,
        write: false,
      },
    },
  });
}
