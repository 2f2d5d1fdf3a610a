import assert from "node:assert/strict";
import { agentCommands } from "../../../src/cli/agent_commands.ts";
import { completion } from "../../../src/cli/completion.ts";
import { toolCommands } from "../../../src/cli/tool_commands.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

/** What bash offers for the words typed so far. */
async function offered(program: string, typed: readonly string[]): Promise<string[]> {
  const terminal = new CapturedTerminal();
  completion(program, program.endsWith("tools") ? toolCommands : agentCommands, ["bash"], terminal);
  const words = [program, ...typed].map((word) => `'${word}'`).join(" ");
  const script = `${terminal.stdout}
compopt() { echo "compopt $*"; }
COMP_WORDS=(${words}); COMP_CWORD=${typed.length}
_${program.replaceAll("-", "_")}
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await new Deno.Command("bash", { args: ["-c", script] }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).trim().split("\n");
}

for (
  const [typed, expected] of [
    [["cl"], ["client"]],
    [["client", ""], ["list", "watch", "forward", "backward"]],
    [["client", "forward", "--follow"], ["--follow", "--follow-from"]],
    [["client", "forward", "--output", ""], ["text", "json", "raw"]],
    [["client", "list", "-o", "j"], ["json"]],
    [["client", "list", "--tls", ""], ["compopt -o default"]],
    [["grep", "error", ""], ["compopt -o default"]],
    [["grep", "--ignore"], ["--ignore-case"]],
  ] as const
) {
  Deno.test(`bash completes: ${typed.join(" ")}`, async () => {
    assert.deepEqual(await offered("kubetail-agent-tools", typed), expected);
  });
}

for (const shell of ["bash", "zsh", "fish"] as const) {
  Deno.test(`the completion script for ${shell} is one that the shell can read`, async () => {
    const terminal = new CapturedTerminal();
    assert.equal(completion("kubetail-agent-tools", toolCommands, [shell], terminal), 0);
    const file = Deno.makeTempFileSync();
    Deno.writeTextFileSync(file, terminal.stdout);
    try {
      const { success, stderr } = await new Deno.Command(shell, { args: ["-n", file] }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.log(`${shell} is not installed here: its script is checked for its commands only`);
      for (const { name } of toolCommands) {
        assert.ok(terminal.stdout.includes(name.split(" ").at(-1) ?? ""), name);
      }
    } finally {
      Deno.removeSync(file);
    }
  });
}
