/** Wrong configuration. The program says the message and ends with exit code 2. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** The error for one wrong place of a configuration. */
export function wrong(
  place: {
    /** The file, or the command line option, that holds the mistake. */
    readonly source: string;
    /** Dotted key; empty where the whole file is meant. */
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
