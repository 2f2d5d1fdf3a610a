import { onEngine } from "../scan/rust_regex.ts";

/**
 * Tells of each regex engine that this thread uses, one after the other, the shared memory by which
 * another thread can end its work: it traps (WebAssembly.RuntimeError) as soon as the first word is
 * anything but 0, and is of no further use then. It is the only way to end its work:
 * `Worker.terminate` waits for computing threads to finish.
 */
export function onBrake(listener: (brake: SharedArrayBuffer) => void): void {
  onEngine(listener);
}
