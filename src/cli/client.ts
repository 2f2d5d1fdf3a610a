import { Failure } from "../failure/failure.ts";
import { CallError } from "../client/agent_calls.ts";
import { clientCommands } from "./client/commands.ts";
import { clientList } from "./client/list_command.ts";
import { clientRecords } from "./client/records_command.ts";
import { clientWatch } from "./client/watch_command.ts";
import { commandList } from "./command.ts";
import { completion } from "./completion.ts";
import { runCommand } from "./run_command.ts";
import { exitCode, processTerminal, type Terminal, UsageError } from "./terminal.ts";
import { toolCommands } from "./tool_commands.ts";

function clientHelp(columns = 80): string {
  return commandList(
    "Usage: client COMMAND [options]. Calls agents.",
    clientCommands,
    "Each command explains its options with --help. Results go to standard output, everything else to standard error.\n" +
      "Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 interrupted.",
    columns,
  );
}

/** `client …`: calls agents. Resolves to the exit code (exitCode). */
export function client(
  args: readonly string[],
  terminal: Terminal = processTerminal,
): Promise<number> {
  return runCommand(terminal, async (signal) => {
    const [command, ...rest] = args;
    switch (command) {
      case "list":
        return await clientList(rest, terminal, signal);
      case "watch":
        return await clientWatch(rest, terminal, signal);
      case "forward":
      case "backward":
        return await clientRecords(command, rest, terminal, signal);
      case "completion":
        return completion("kubetail-agent-tools", toolCommands, rest, terminal);
      case "--help":
      case "-h":
      case "help":
        terminal.out(clientHelp(terminal.columns ?? 80));
        return exitCode.done;
      case undefined:
        throw new UsageError(`Which command?\n\n${clientHelp()}`);
      default:
        throw new UsageError(`Unknown command ${JSON.stringify(command)}\n\n${clientHelp()}`);
    }
  }, (error) => error instanceof CallError || error instanceof Failure);
}
