/**
 * Collects all garbage now. For what V8 does not know to be large: it counts a WebAssembly memory as
 * a few bytes, so hundreds of megabytes would wait for it to collect by itself. Takes some
 * milliseconds in a scan worker. Does nothing without the V8 flag --expose-gc (hack/permissions.ts).
 */
export function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
