import assert from "node:assert/strict";
import { agentCommands } from "../../../src/cli/agent_commands.ts";
import { helpText, parseCommand, wrap } from "../../../src/cli/command.ts";
import { completion } from "../../../src/cli/completion.ts";
import { UsageError } from "../../../src/cli/terminal.ts";
import { toolCommands } from "../../../src/cli/tool_commands.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

const project = new URL("../../../", import.meta.url);
const commands = [...agentCommands, ...toolCommands];

for (const command of commands) {
  Deno.test(`help of ${command.name} names every option and fits 80 and 60 columns`, () => {
    for (const columns of [80, 60]) {
      const text = helpText(command, columns);
      assert.ok(text.startsWith(`Usage: ${command.name} `), text);
      for (const line of text.split("\n")) assert.ok(line.length <= columns, line);
      for (const name of [...Object.keys(command.options), "help"]) {
        assert.ok(text.includes(`--${name}`), name);
      }
    }
  });

  Deno.test(`${command.name} has each short option once`, () => {
    const shorts = Object.values(command.options).map(({ short }) => short)
      .filter((short) => short !== undefined);
    assert.deepEqual(shorts, [...new Set(shorts)]);
    assert.ok(!shorts.includes("h"), "-h is help");
  });
}

for (const [entry, own] of [["main.ts", agentCommands], ["tools_main.ts", toolCommands]] as const) {
  Deno.test(`every command of ${entry} answers --help and refuses what it does not know`, async () => {
    const run = async (words: readonly string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-check", "-A", `src/${entry}`, ...words],
        cwd: project,
      }).output();
      const decoder = new TextDecoder();
      return { code, out: decoder.decode(stdout), error: decoder.decode(stderr) };
    };
    await Promise.all(own.map(async ({ name }) => {
      const help = await run([...name.split(" "), "--help"]);
      assert.deepEqual([help.code, help.error], [0, ""], name);
      assert.ok(help.out.startsWith(`Usage: ${name} `), help.out);
    }));
    const all = await run(["--help"]);
    assert.equal(all.code, 0);
    for (const { name, summary } of own) {
      assert.ok(all.out.includes(name) && all.out.includes(summary.split(" ")[0] ?? ""), all.out);
    }
    const unknown = await run(["nonsense"]);
    assert.equal(unknown.code, 2);
    assert.ok(unknown.error.startsWith('Unknown command "nonsense"'), unknown.error);
  });
}

Deno.test("an unknown option is named, with where to look", () => {
  const [command] = commands;
  assert.throws(
    () => parseCommand(command!, ["--color"]),
    (error) => error instanceof UsageError && /'--color'.*Try: serve --help/s.test(error.message),
  );
});

Deno.test("text is wrapped at blanks; a word that is longer stays whole", () => {
  assert.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrap("abcdefghij k", 5), ["abcdefghij", "k"]);
});

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
