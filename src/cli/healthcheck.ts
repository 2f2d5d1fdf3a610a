import { healthProblem } from "../agent/health_probe.ts";
import { ConfigError } from "../config/config_error.ts";
import { loadConfig } from "../config/load.ts";
import { healthcheckCommand } from "./agent_commands.ts";
import { asksForHelp, helpText } from "./command.ts";
import { readConfigSources } from "./config_options.ts";
import { exitCode, processTerminal, type Terminal, UsageError } from "./terminal.ts";

const TIMEOUT_MS = 2000;

/** `healthcheck`. Resolves to 0 if healthy, 1 if not or if that cannot be determined; prints why. */
export async function healthcheck(
  args: readonly string[],
  terminal: Terminal = processTerminal,
): Promise<number> {
  if (asksForHelp(args)) {
    terminal.out(helpText(healthcheckCommand, terminal.columns ?? 80));
    return exitCode.done;
  }
  try {
    const { config } = await loadConfig(readConfigSources(healthcheckCommand, args));
    const problem = await healthProblem(config, AbortSignal.timeout(TIMEOUT_MS));
    if (problem === null) {
      terminal.out("healthy\n");
      return exitCode.done;
    }
    terminal.err(`not healthy: ${problem}\n`);
  } catch (error) {
    const isExpected = error instanceof ConfigError || error instanceof UsageError;
    const message = error instanceof Error ? error.message : String(error);
    terminal.err(`${isExpected ? "" : "not healthy: "}${message}\n`);
  }
  return exitCode.failed;
}
