import assert from "node:assert/strict";
import { client } from "../../../src/cli/client.ts";
import { startAgent, type TestAgent } from "../../harness/agent.ts";
import { reach } from "../../harness/client.ts";
import { criLines } from "../../harness/log_tree.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

const LOG = "default/web-0/app";

async function run(agent: TestAgent, ...args: string[]) {
  const terminal = new CapturedTerminal();
  const code = await client([...args, ...reach(agent)], terminal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

for (
  const [args, expected] of [
    [[], "Which command?"],
    [["read"], 'Unknown command "read"'],
    [["list", "--color"], "'--color'"],
    [["list", "--addr", "agent"], "--addr"],
    [["list", "--output", "yaml"], "--output"],
    [["list", "--ca", "/nowhere"], "--ca /nowhere"],
    [["list", "--cert", "x"], "--cert and --key"],
    [["list", "--insecure-plaintext", "--tls", "x"], "--tls"],
    [["list", "--insecure-plaintext", "--token", "x", "-a", "example.com:1"], "loopback"],
    [["list", "--group", "x"], "--user"],
    [["list", "--user", "a", "--extra", "x"], "--extra"],
    [["list", "--user", "a\nb"], "--user"],
    [["list", "--token", "a", "--token-file", "b"], "--token-file"],
    [["forward"], "NAMESPACE/POD"],
    [["forward", LOG, "--follow-from", "end"], "Add --follow"],
    [["forward", "web-0"], '"web-0"'],
    [["forward", LOG, "more"], '"more"'],
    [["forward", LOG, "--since", "soon"], '--since "soon"'],
    [["forward", LOG, "--limit", "0"], '--limit "0"'],
    [["forward", LOG, "--follow-from", "start"], "--follow-from"],
    [["backward", LOG, "--follow"], "follow"],
  ] as const
) {
  Deno.test(`wrong arguments are named, exit code 2: client ${args.join(" ")}`, async () => {
    const terminal = new CapturedTerminal();
    assert.equal(await client(args, terminal), 2);
    assert.ok(terminal.stderr.includes(expected), terminal.stderr);
    assert.equal(terminal.stdout, "");
  });
}

Deno.test("failures are reported in words with exit code 1, without a stack trace", async () => {
  await using agent = await startAgent();
  agent.logs.add();
  for (
    const [args, expected] of [
      [
        ["forward", "default/web-0/db"],
        "No log of default/web-0/db on this node; there are default/web-0/app",
      ],
      [["forward", `${LOG}/zzz`], "No log of default/web-0/app/zzz on this node; there are "],
      [["forward", LOG, "--grep", "("], "INVALID_ARGUMENT: Invalid grep pattern: "],
    ] as const
  ) {
    const { code, stderr, stdout } = await run(agent, ...args);
    assert.equal(code, 1);
    assert.ok(stderr.includes(expected), stderr);
    assert.ok(!stderr.includes("\n    at "), stderr);
    assert.equal(stdout, "");
  }
  const unreachable = new CapturedTerminal();
  assert.equal(await client(["list", "-a", "localhost:1", "--insecure-plaintext"], unreachable), 1);
  assert.match(unreachable.stderr, /^Cannot list the logs of localhost:1: UNAVAILABLE: /);
});

Deno.test("a reader that goes away, as head does, ends the command quietly", async () => {
  await using agent = await startAgent();
  agent.logs.add({ content: criLines(10_000) });
  class Closed extends CapturedTerminal {
    override out(): void {
      throw Object.assign(new Error("Broken pipe (os error 32)"), { name: "BrokenPipe" });
    }
  }
  const terminal = new Closed();
  assert.equal(await client(["forward", LOG, ...reach(agent)], terminal), 0);
  assert.equal(terminal.stderr, "");
});

for (const command of [[], ["list"], ["watch"], ["forward"], ["backward"]]) {
  Deno.test(`client ${command.join("")} --help explains itself`, async () => {
    const terminal = new CapturedTerminal();
    assert.equal(await client([...command, "--help"], terminal), 0);
    const usage = `Usage: client ${command[0] ?? "COMMAND"} `;
    assert.ok(terminal.stdout.startsWith(usage), terminal.stdout);
    assert.equal(terminal.stderr, "");
  });
}
