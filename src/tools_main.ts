import { type Program, runProgram } from "./cli/program.ts";
import { toolCommands } from "./cli/tool_commands.ts";
import { processTerminal } from "./cli/terminal.ts";
import { args, exit } from "./platform/process.ts";

/** The second program: tools for people. Its commands need other permissions than the agent's. */
const program: Program = {
  name: "kubetail-agent-tools",
  summary: "tools for people who read container logs.",
  commands: toolCommands,
  foot:
    "Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 interrupted; grep: 1 nothing found, 2 failed.",
  run(word, rest) {
    switch (word) {
      case "client":
        return import("./cli/client.ts").then(({ client }) => client(rest));
      case "grep":
        return import("./cli/grep.ts").then(({ grep }) => grep(rest));
      case "demo":
        return import("./cli/demo.ts").then(({ demo }) => demo(rest));
      default:
        return null;
    }
  },
};

exit(await runProgram(program, args, processTerminal));
