import type { Lane } from "./thread.ts";

const MIB = 2 ** 20;

/** The default of limits.engine-memory. */
export const ENGINE_MEMORY = 160 * MIB;

/** Enough for everything that the regex crate compiles within its limit of 10 MiB; its module allows no more. */
const MAX_ENGINE_BYTES = 128 * MIB;
/** An engine begins with 1.5 MiB; the patterns that clients send take 2 to 10. */
const MIN_SMALL_BYTES = 3 * MIB;
const MAX_SMALL_BYTES = 16 * MIB;

/**
 * Divides the memory of all regex engines among the threads: each has a small share, and the one thread of the large
 * lane gets the rest. So their sum is known before any pattern is, and no thread ever waits for another's memory.
 *
 * @param bytes the total; with more than some hundred threads, the small shares exceed it
 */
export function shareEngineMemory(
  bytes: number,
  threads: Readonly<Record<Lane, number>>,
): Record<Lane, number> {
  const others = threads.quick + threads.slow + threads.inflate;
  const wanted = others === 0 ? 0 : Math.floor((bytes - MAX_ENGINE_BYTES) / others);
  const small = Math.min(Math.max(wanted, MIN_SMALL_BYTES), MAX_SMALL_BYTES);
  const large = Math.min(Math.max(bytes - small * others, small), MAX_ENGINE_BYTES);
  return { quick: small, slow: small, large, inflate: small };
}
