import { Failure } from "../failure/failure.ts";
import { CallError } from "./client/calls.ts";
import { clientList, listHelp } from "./client/list.ts";
import { backwardHelp, clientRecords, forwardHelp } from "./client/records.ts";
import { clientWatch, watchHelp } from "./client/watch.ts";
import { runCommand } from "./run_command.ts";
import { exitCode, processTerminal, type Terminal, UsageError } from "./terminal.ts";

const clientHelp = `client COMMAND [options]: calls an agent.

  list                                   the container logs of the node
  watch                                  what changes among them
  forward  NAMESPACE/POD[/CONTAINER[/ID]]  a log from old to new, with --follow what is written from now on
  backward NAMESPACE/POD[/CONTAINER[/ID]]  a log from new to old

Each command explains its options with --help. Results go to standard output, everything about them to standard
error. Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 interrupted.
`;

const commandHelp: Readonly<Record<string, string>> = {
  list: listHelp,
  watch: watchHelp,
  forward: forwardHelp,
  backward: backwardHelp,
};

/** `client …`: calls an agent. Resolves with the exit code (exitCode). */
export function client(
  args: readonly string[],
  terminal: Terminal = processTerminal,
): Promise<number> {
  return runCommand(terminal, async (signal) => {
    const [command, ...rest] = args;
    const help = commandHelp[command ?? ""];
    if (help === undefined) {
      if (command === "--help" || command === "-h" || command === "help") {
        terminal.out(clientHelp);
        return exitCode.done;
      }
      throw new UsageError(
        command === undefined
          ? `Which command?\n\n${clientHelp}`
          : `Unknown command ${JSON.stringify(command)}\n\n${clientHelp}`,
      );
    }
    if (rest.includes("--help") || rest.includes("-h")) {
      terminal.out(help);
      return exitCode.done;
    }
    switch (command) {
      case "list":
        return await clientList(rest, terminal, signal);
      case "watch":
        return await clientWatch(rest, terminal, signal);
      case "backward":
        return await clientRecords("backward", rest, terminal, signal);
      default:
        return await clientRecords("forward", rest, terminal, signal);
    }
  }, (error) => error instanceof CallError || error instanceof Failure);
}
