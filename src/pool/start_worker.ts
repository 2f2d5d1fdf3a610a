import { hasReadPermission } from "../platform/permissions.ts";

/** Starts a worker that may only read the roots (without roots: everything that this process may read). */
export function startWorker(readRoots?: () => readonly string[]): Worker {
  const url = new URL("./worker.ts", import.meta.url);
  if (readRoots === undefined) return new Worker(url, { type: "module" });
  // A request for more than the process has would be rejected entirely.
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
