/**
 * Collects all garbage now. For memory whose size V8 does not see: it counts a WebAssembly memory as
 * a few bytes, so hundreds of megabytes would stay until its next collection. Takes a few
 * milliseconds in a scan worker. Does nothing without the V8 flag --expose-gc (hack/permissions.ts).
 */
export function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
