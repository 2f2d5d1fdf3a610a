import assert from "node:assert/strict";
import { resolve } from "node:path";

const project = resolve(import.meta.dirname!, "../..");
const { tasks } = JSON.parse(Deno.readTextFileSync(`${project}/deno.json`)) as {
  tasks: Record<string, { description: string; command: string }>;
};

/** Tasks that are commands of Deno itself, which accept Deno's own --help. */
const ofDeno = Object.entries(tasks).filter(([, { command }]) => !command.startsWith("deno run "));

Deno.test("every task says what it does", () => {
  for (const [name, { description }] of Object.entries(tasks)) assert.ok(description, name);
});

Deno.test("every task that runs a program explains itself with --help, and does nothing else", async (t) => {
  const names = Object.keys(tasks).filter((name) => !ofDeno.some(([other]) => other === name));
  assert.ok(names.length > 10, names.join());
  for (const name of names) {
    await t.step(name, async () => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["task", "--quiet", name, "--help"],
        cwd: project,
        env: { NO_COLOR: "1" },
      }).output();
      const text = new TextDecoder();
      assert.equal(code, 0, text.decode(stderr));
      const said = text.decode(stdout);
      assert.ok(said.includes(`deno task ${name}`) || /^Usage: /m.test(said), said);
      assert.doesNotMatch(text.decode(stderr), /error|\bat file:/i);
    });
  }
});
