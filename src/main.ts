import { type Program, runProgram } from "./cli/program.ts";
import { agentCommands } from "./cli/agent_commands.ts";
import { processTerminal } from "./cli/terminal.ts";
import { args, exit } from "./platform/process.ts";

/** The agent's program. Commands are loaded when they run: a health check does not load the server. */
const program: Program = {
  name: "kubetail-cluster-agent",
  summary: "serves a Kubernetes node's container logs over gRPC.",
  commands: agentCommands,
  foot:
    "Without a command: serve. Exit codes: 0 stopped by a signal, 1 failed, 2 wrong arguments or configuration.",
  run(word, rest) {
    switch (word) {
      case "config":
        return import("./cli/config_check.ts").then(({ configCheck }) => configCheck(rest));
      case "healthcheck":
        return import("./cli/healthcheck.ts").then(({ healthcheck }) => healthcheck(rest));
      case "doctor":
        return import("./cli/doctor_command.ts").then(({ doctor }) => doctor(rest));
      case "serve":
        return import("./cli/serve_command.ts").then(({ serveCommand }) => serveCommand(rest));
      default:
        // Earlier agents had no commands: `--config FILE` alone serves.
        if (word !== undefined && !word.startsWith("-")) return null;
        return import("./cli/serve_command.ts").then(({ serveCommand }) =>
          serveCommand(word === undefined ? [] : [word, ...rest])
        );
    }
  },
};

exit(await runProgram(program, args, processTerminal));
