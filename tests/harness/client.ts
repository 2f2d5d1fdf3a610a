import assert from "node:assert/strict";
import { client } from "../../src/cli/client.ts";
import type { TestAgent } from "./agent.ts";
import { CapturedTerminal } from "./terminal.ts";

/** The options with which a client reaches these agents, which share one CA. */
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

/** The output of `client list` when it fails with these options. */
export async function listing(...options: string[]): Promise<string> {
  const { code, stderr, stdout } = await runClient(["list", ...options]);
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.ok(!/Resolution note|EPIPE|\n {4}at /.test(stderr), stderr);
  return stderr;
}
