import { ConfigError } from "../config/config_error.ts";
import { configText } from "../config/config_text.ts";
import { loadConfig } from "../config/load.ts";
import { configCheckCommand } from "./agent_commands.ts";
import { asksForHelp, helpText } from "./command.ts";
import { readConfigSources } from "./config_options.ts";
import { exitCode, processTerminal, type Terminal, UsageError } from "./terminal.ts";

/** `config check`. Resolves to 0, or to 2 if the agent would not start with this configuration. */
export async function configCheck(
  args: readonly string[],
  terminal: Terminal = processTerminal,
): Promise<number> {
  const [action, ...rest] = args;
  if (asksForHelp(args) || action === "help") {
    terminal.out(helpText(configCheckCommand, terminal.columns ?? 80));
    return exitCode.done;
  }
  try {
    if (action !== "check") {
      throw new UsageError("Usage: config check -c FILE [options]. Try: config check --help");
    }
    const { config, warnings } = await loadConfig(readConfigSources(configCheckCommand, rest));
    for (const warning of warnings) terminal.err(`warning: ${warning}\n`);
    terminal.out(configText(config));
    return exitCode.done;
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof UsageError)) throw error;
    terminal.err(`${error.message}\n`);
    return exitCode.usage;
  }
}
