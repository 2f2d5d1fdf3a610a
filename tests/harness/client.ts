import { client } from "../../src/cli/client.ts";
import type { TestAgent } from "./agent.ts";
import { CapturedTerminal } from "./terminal.ts";

/** The options by which a client reaches these agents, which share one authority. */
export function reach(...agents: readonly [TestAgent, ...TestAgent[]]): string[] {
  const dir = agents[0].certificatesDir;
  return [
    ...agents.flatMap((agent) => ["--addr", agent.address]),
    "--ca",
    `${dir}/ca.crt`,
    "--cert",
    `${dir}/client.crt`,
    "--key",
    `${dir}/client.key`,
  ];
}

/** Runs `client …` to its end. */
export async function runClient(
  args: readonly string[],
  terminal: CapturedTerminal = new CapturedTerminal(),
) {
  const code = await client(args, terminal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}
