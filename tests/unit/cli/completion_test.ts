import assert from "node:assert/strict";
import { agentCommands } from "../../../src/cli/agent_commands.ts";
import { completion } from "../../../src/cli/completion.ts";
import { toolCommands } from "../../../src/cli/tool_commands.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

/** The words that bash offers for the words typed so far. */
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

/** The words that zsh would offer, before comparing them with what is typed; null if there is no zsh. */
async function offeredByZsh(typed: readonly string[]): Promise<string[] | null> {
  const terminal = new CapturedTerminal();
  completion("kubetail-agent-tools", toolCommands, ["zsh"], terminal);
  const script = `
compdef() { registered=$1 }
compadd() { shift; print -l -- "$@" }
_files() { print files }
eval "$1"
words=(kubetail-agent-tools "\${@[2,-1]}"); CURRENT=\${#words}; PREFIX=\${words[CURRENT]}
$registered`;
  try {
    const { stdout, stderr } = await new Deno.Command("zsh", {
      args: ["-f", "-c", script, "zsh", terminal.stdout, ...typed],
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "");
    return new TextDecoder().decode(stdout).trim().split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

Deno.test("zsh completes commands, choices, options and files, by functions of its own", async () => {
  for (
    const [typed, expected] of [
      [[""], ["client", "grep", "demo", "completion"]],
      [["client", ""], ["list", "watch", "forward", "backward"]],
      [["completion", ""], ["bash", "zsh", "fish"]],
      [["client", "list", "-o", ""], ["text", "json"]],
      [["client", "list", "--tls", ""], ["files"]],
      [["client", "list", "--user", ""], [""]],
      [["grep", "error", ""], ["files"]],
    ] as const
  ) {
    const offered = await offeredByZsh(typed);
    if (offered === null) return console.log("skipped: zsh is not installed here");
    assert.deepEqual(offered, expected, typed.join(" "));
  }
  assert.ok((await offeredByZsh(["client", "forward", "--f"]))?.includes("--follow-from"));
  assert.ok((await offeredByZsh(["grep", "-"]))?.includes("--ignore-case"));
});

Deno.test("fish completes commands and choices, and files only where an option takes one", async () => {
  const terminal = new CapturedTerminal();
  completion("kubetail-agent-tools", toolCommands, ["fish"], terminal);
  const dir = Deno.makeTempDirSync({ prefix: "fish-" });
  using stack = new DisposableStack();
  stack.defer(() => Deno.removeSync(dir, { recursive: true }));
  Deno.writeTextFileSync(`${dir}/a-file`, "");
  for (
    const [typed, expected] of [
      ["", ["client", "completion", "demo", "grep"]],
      ["client ", ["backward", "forward", "list", "watch"]],
      ["completion ", ["bash", "fish", "zsh"]],
      ["client list --output ", ["json", "text"]],
      ["client list --user ", []],
      ["client list --ca ", ["a-file"]],
      ["grep error ", ["a-file"]],
      ["client forward --follow-", ["--follow-from"]],
    ] as const
  ) {
    const script = `${terminal.stdout}\ncomplete -C 'kubetail-agent-tools ${typed}'`;
    let output: Deno.CommandOutput;
    try {
      output = await new Deno.Command("fish", { args: ["--no-config", "-c", script], cwd: dir })
        .output();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return console.log("skipped: fish is not installed here");
    }
    const lines = new TextDecoder().decode(output.stdout).split("\n").filter((line) => line !== "");
    assert.deepEqual(lines.map((line) => line.split("\t")[0]).sort(), expected, typed);
  }
});

for (
  const [typed, expected] of [
    [[""], ["client", "grep", "demo", "completion"]],
    [["completion", "f"], ["fish"]],
    [["client", "list", "--user", ""], [""]],
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
