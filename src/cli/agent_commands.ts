import type { Command } from "./command.ts";
import { configOptions } from "./config_options.ts";

/* Descriptions of the commands of the agent's program: help and completion load nothing else. */

export const serveCommand = {
  name: "serve",
  usage: "-c FILE [options]",
  summary: "serve the node's container logs over gRPC (the default command)",
  description: ["Serves the container logs of this node over gRPC until SIGTERM or SIGINT."],
  options: configOptions,
  exits:
    "Exit codes: 0 stopped by a signal, 1 failed, 2 wrong arguments or configuration, 130 and 143 cut short by a " +
    "second SIGINT or SIGTERM.",
} as const satisfies Command;

export const configCheckCommand = {
  name: "config check",
  usage: "-c FILE [options]",
  summary: "check a configuration and print it in full",
  description: [
    "Prints the configuration as the agent would use it, as YAML, with every default. Warnings go to standard error.",
  ],
  options: configOptions,
  exits: "Exit codes: 0 the agent would start with it, 2 it would not, or wrong arguments.",
} as const satisfies Command;

export const healthcheckCommand = {
  name: "healthcheck",
  usage: "-c FILE [options]",
  summary: "exit 0 when the agent of this configuration is healthy",
  description: [
    "Asks the agent of this configuration on this host whether it is healthy: through /readyz of telemetry.addr if that is " +
    "set, otherwise through the gRPC health service.",
  ],
  options: configOptions,
  exits: "Exit codes: 0 healthy, 1 not healthy, not reachable, or wrong arguments.",
} as const satisfies Command;

export const doctorCommand = {
  name: "doctor",
  usage: "-c FILE [options]",
  summary: "check a configuration, this node and the cluster, and say what to fix",
  description: [
    "Checks what an agent with this configuration needs: permissions, certificates, who may call, the log folders, the " +
    "API server, the right to request access reviews, and the agent itself if it runs here. Run it where the agent runs " +
    "(kubectl exec), or on a configuration before it is rolled out.",
  ],
  options: {
    ...configOptions,
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      choices: ["text", "json"],
      help: "text (default), or json: one object per line",
    },
  },
  exits:
    "Exit codes: 0 no problems, 1 warnings only, 2 errors or wrong arguments, 130 interrupted.",
} as const satisfies Command;

/** All commands, in the order in which help lists them. */
export const agentCommands: readonly Command[] = [
  serveCommand,
  configCheckCommand,
  healthcheckCommand,
  doctorCommand,
];
