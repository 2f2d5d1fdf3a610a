import { ConfigError } from "../config/config_error.ts";
import { configText } from "../config/config_text.ts";
import { loadConfig } from "../config/load.ts";
import { writeError, writeOut } from "../platform/process.ts";
import { configOptions, isUsageError } from "./config_options.ts";

/**
 * `config check`: prints the configuration as the agent would use it, as YAML; warnings go to
 * standard error. Resolves with 0, or with 2 where the agent would not start with it.
 */
export async function configCheck(args: readonly string[]): Promise<number> {
  const [action, ...rest] = args;
  if (action !== "check") {
    writeError("Usage: config check -c FILE [-a HOST:PORT] [-p key:value]...\n");
    return 2;
  }
  try {
    const { config, warnings } = await loadConfig(configOptions(rest));
    for (const warning of warnings) writeError(`warning: ${warning}\n`);
    writeOut(configText(config));
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError) && !isUsageError(error)) throw error;
    writeError(`${(error as Error).message}\n`);
    return 2;
  }
}
