import { ConfigError } from "../config/config_error.ts";
import { loadConfig } from "../config/load.ts";
import { Failure } from "../failure/failure.ts";
import { onSignal } from "../platform/process.ts";
import { serveCommand as command } from "./agent_commands.ts";
import { asksForHelp, helpText } from "./command.ts";
import { readConfigSources } from "./config_options.ts";
import { exitCode, processTerminal, type Terminal, UsageError } from "./terminal.ts";
import { checkBakedRoots } from "../agent/baked_roots.ts";
import { serve } from "../agent/serve.ts";

const signals = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * `serve`: runs the agent until a signal ends it. Resolves to the exit code: 0 after a graceful stop, 130 or 143 if a
 * second signal interrupted it, 1 if the agent could not serve, 2 for wrong arguments or configuration.
 */
export async function serveCommand(
  args: readonly string[],
  terminal: Terminal = processTerminal,
): Promise<number> {
  if (asksForHelp(args)) {
    terminal.out(helpText(command, terminal.columns ?? 80));
    return exitCode.done;
  }
  const cut = Promise.withResolvers<number>();
  let stop = () => {}; // A signal before the agent runs ends the process at once.
  let asked = false;
  const removers = Object.entries(signals).map(([signal, code]) =>
    onSignal(signal as keyof typeof signals, () => {
      if (asked) cut.resolve(code);
      asked = true;
      stop();
    })
  );
  try {
    const { config, warnings } = await loadConfig(readConfigSources(command, args));
    for (const warning of warnings) terminal.err(`warning: ${warning}\n`);
    const refused = checkBakedRoots(config);
    if (refused !== null) throw new ConfigError(refused);
    const agent = await serve(config, { ownsProcess: true });
    stop = () => agent.stop();
    if (asked) stop();
    return await Promise.race([agent.ended, cut.promise]);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof Failure || error instanceof UsageError) {
      terminal.err(`${error.message}\n`);
      return 2;
    }
    terminal.err(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    for (const remove of removers) remove();
  }
}
