/**
 * Collects all garbage now, for memory whose size V8 does not know: it counts a WebAssembly memory as a few bytes, so
 * hundreds of megabytes would stay until its next collection. Takes a few milliseconds in a scan worker. Does nothing
 * without the V8 flag --expose-gc (hack/permissions.ts).
 */
export function collectGarbage(): void {
  (globalThis as { gc?: Collect }).gc?.();
}

/**
 * Collects until nothing more is found, and returns the heap's reserve: 3 MB of an agent that has just started. Takes
 * some 40 ms. Does nothing without the V8 flag --expose-gc.
 */
export function returnMemory(): void {
  // This is what V8 does before it runs out of memory.
  (globalThis as { gc?: Collect }).gc?.({
    type: "major",
    execution: "sync",
    flavor: "last-resort",
  });
}

/** What --expose-gc adds (V8: src/extensions/gc-extension.cc). */
type Collect = (
  options?: {
    readonly type: "major";
    readonly execution: "sync";
    readonly flavor: "last-resort";
  },
) => void;
