/** An invalid configuration. The program prints the message and exits with code 2. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * The error for one key of a configuration.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { configError } from "./config_error.ts";
 *
 * const place = { source: "agent.yaml", key: "history", found: "a list", expected: "true or false" };
 * assert.equal(
 *   configError(place).message,
 *   "agent.yaml: history: found a list, expected true or false",
 * );
 * ```
 */
export function configError(
  place: {
    /** The file or the command line option with the error. */
    readonly source: string;
    /** Dotted key; empty: the whole file. */
    readonly key: string;
    readonly found: string;
    readonly expected: string;
  },
  options?: ErrorOptions,
): ConfigError {
  const { source, key, found, expected } = place;
  const where = key === "" ? source : `${source}: ${key}`;
  return new ConfigError(`${where}: found ${found}, expected ${expected}`, options);
}
