// @ts-types="../generated/rregex/rregex.d.ts"
import { initSync } from "../generated/rregex/rregex.js";
import module from "../scan/rregex_wasm.js";

/** The export that hack/interruptible_wasm.ts adds: shared memory. */
const { stop } = initSync({ module }) as unknown as { readonly stop: WebAssembly.Memory };

/**
 * This thread's regex engine traps (WebAssembly.RuntimeError) as soon as another thread sets the
 * first of these to anything but 0, and is of no further use then. It is the only way to end its
 * work: `Worker.terminate` waits for computing threads to finish.
 */
export const brake = new Int32Array(stop.buffer as unknown as SharedArrayBuffer);
