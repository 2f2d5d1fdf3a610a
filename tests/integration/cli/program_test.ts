import assert from "node:assert/strict";
import { agentCommands } from "../../../src/cli/agent_commands.ts";
import { toolCommands } from "../../../src/cli/tool_commands.ts";

const project = new URL("../../../", import.meta.url);

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
