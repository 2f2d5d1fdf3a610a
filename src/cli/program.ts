import { version } from "../config/version.ts";
import { type Command, commandList } from "./command.ts";
import { completion, completionCommand } from "./completion.ts";
import { exitCode, type Terminal, UsageError } from "./terminal.ts";

/** A program with several commands. */
export interface Program {
  readonly name: string;
  /** What it is, in one sentence. */
  readonly summary: string;
  /** All its commands, for help and completion. */
  readonly commands: readonly Command[];
  readonly foot: string;
  /** Runs a command by its first word; null if there is none of that name. */
  readonly run: (word: string | undefined, rest: readonly string[]) => Promise<number> | null;
}

/** Runs the command that the words name. Resolves to the exit code. */
export async function runProgram(
  program: Program,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const [word, ...rest] = words;
  switch (word) {
    case "--version":
    case "-V":
    case "version":
      terminal.out(`${version}\n`);
      return exitCode.done;
    case "--help":
    case "-h":
    case "help":
      terminal.out(programHelp(program, terminal));
      return exitCode.done;
    case "completion":
      try {
        return completion(program.name, program.commands, rest, terminal);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        terminal.err(`${error.message}\n`);
        return exitCode.usage;
      }
  }
  const running = program.run(word, rest);
  if (running !== null) return await running;
  terminal.err(
    (word === undefined ? "" : `Unknown command ${JSON.stringify(word)}\n\n`) +
      programHelp(program, terminal),
  );
  return exitCode.usage;
}

function programHelp(program: Program, terminal: Terminal): string {
  return commandList(
    `${program.name} ${version}: ${program.summary}`,
    [...program.commands, completionCommand],
    `${program.foot}\n--version prints the version; each command explains its options with --help.`,
    terminal.columns ?? 80,
  );
}
