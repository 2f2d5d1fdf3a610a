import { args, exit, writeError, writeOut } from "./platform/process.ts";
import { version } from "./config/version.ts";

const usage = `kubetail-cluster-agent ${version}

  serve        -c FILE [-a HOST:PORT] [-p key:value]...   serve the node's container logs over gRPC
  config check -c FILE [-a HOST:PORT] [-p key:value]...   check the configuration and print it whole
  healthcheck  -c FILE [-a HOST:PORT] [-p key:value]...   exit 0 when the agent is healthy, 1 when not

  --version, --help

Without a command: serve. Exit codes: 0 ended as asked, 1 failed, 2 wrong arguments or configuration,
130 and 143 cut short by a second SIGINT or SIGTERM.
`;

/** Chooses the command. The exit code is what the command resolves with; the process ends only here. */
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
    case "config":
      return (await import("./cli/config_check.ts")).configCheck(rest);
    case "healthcheck":
      return (await import("./cli/healthcheck.ts")).healthcheck(rest);
    case "serve":
      return (await import("./cli/serve_command.ts")).serveCommand(rest);
    default:
      // The agents before this one knew no commands: `--config FILE` alone serves.
      if (command === undefined || command.startsWith("-")) {
        return (await import("./cli/serve_command.ts")).serveCommand(words);
      }
      writeError(`Unknown command ${JSON.stringify(command)}\n\n${usage}`);
      return 2;
  }
}

exit(await main(args));
