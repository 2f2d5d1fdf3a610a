import assert from "node:assert/strict";
import { agentCommands } from "../../../src/cli/agent_commands.ts";
import { helpText, parseCommand, wrap } from "../../../src/cli/command.ts";
import { UsageError } from "../../../src/cli/terminal.ts";
import { toolCommands } from "../../../src/cli/tool_commands.ts";

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

Deno.test("an unknown option is named, with where to look", () => {
  const [command] = commands;
  assert.throws(
    () => parseCommand(command!, ["--color"]),
    (error) => error instanceof UsageError && /'--color'.*Try: serve --help/s.test(error.message),
  );
});

Deno.test("arguments that cannot be parsed: one line each, without advice that does not apply", () => {
  const [serve] = commands;
  for (
    const [words, message] of [
      [["--configs", "x"], "Unknown option '--configs' (did you mean --config?)"],
      [["-z"], "Unknown option '-z'"],
      [
        ["--config", "-1"],
        "Option '--config' needs a value; one that begins with a dash is given as --config=VALUE",
      ],
      [["--config"], "Option '-c, --config <value>' argument missing"],
    ] as const
  ) {
    assert.throws(() => parseCommand(serve!, words), { message: `${message}. Try: serve --help` });
  }
});

Deno.test("text is wrapped at spaces; a word that is longer stays whole", () => {
  assert.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrap("abcdefghij k", 5), ["abcdefghij", "k"]);
});
