import type { Command } from "../command.ts";

/** `demo` for help, parsing and completion. */
export const demoCommand = {
  name: "demo",
  usage: "[options]",
  summary: "run an agent on sample logs on this machine, and show how to call it",
  description: [
    "Creates certificates, starts an agent that serves sample logs over mutual TLS on a free port of 127.0.0.1, and calls it " +
    "with the client commands that it shows. Everything is in a temporary folder, which is removed at the end.",
  ],
  options: {
    stay: {
      type: "boolean",
      help: "keep the agent running until Ctrl-C, and show commands to try",
    },
  },
} as const satisfies Command;
