import { args, exit, writeError, writeOut } from "./platform/process.ts";
import { version } from "./config/version.ts";

const usage = `kubetail-agent-tools ${version}

  client ...   call an agent: list, watch, forward, backward
  grep ...     search log files without an agent, with the engine that agents use
  demo ...     an agent on example logs on this machine, and how to call it

  --version, --help; each command explains itself with --help

Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 interrupted.
`;

/** The second program: a person's tools. Its commands need other permissions than the agent's. */
async function main(words: readonly string[]): Promise<number> {
  const [command, ...rest] = words;
  switch (command) {
    case "--version":
    case "-V":
    case "version":
      writeOut(`${version}\n`);
      return 0;
    case "--help":
    case "-h":
    case "help":
      writeOut(usage);
      return 0;
    case "client":
      return (await import("./cli/client.ts")).client(rest);
    case "grep":
      return (await import("./cli/grep.ts")).grep(rest);
    case "demo":
      return (await import("./cli/demo.ts")).demo(rest);
    default:
      writeError(
        command === undefined ? usage : `Unknown command ${JSON.stringify(command)}\n\n${usage}`,
      );
      return 2;
  }
}

exit(await main(args));
