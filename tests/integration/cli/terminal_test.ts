import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { startAgent, type TestAgent } from "../../harness/agent.ts";
import { reach } from "../../harness/client.ts";
import { append, criLine, criLines } from "../../harness/log_tree.ts";
import { Pty } from "../../harness/pty.ts";

/** The command as a person types it, with the options to reach the agent. */
function typed(agent: TestAgent, command: string): string {
  return `deno task client ${command} ${reach(agent).join(" ")}`;
}

/** The command's own output, without the task's line. */
function own(pty: Pty): string {
  return pty.shown.replaceAll("\r", "").replace(/^[^]*?deno run .*\n/, "");
}

for (const [columns, head] of [[80, /AGE$/m], [200, /LAST CHANGE$/m]] as const) {
  Deno.test(`client list on a terminal of ${columns} columns fits it`, async () => {
    await using agent = await startAgent();
    agent.logs.add({
      namespace: "kube-system",
      pod: "kube-apiserver-node-1",
      container: "kube-apiserver",
    });
    agent.logs.add({ content: criLines(3) });
    await using pty = new Pty(typed(agent, "list"), { columns });
    assert.equal(await pty.ended(), 0, pty.shown);
    const text = stripVTControlCharacters(own(pty));
    assert.match(text, head);
    assert.match(text, /^2 logs\.$/m);
    for (const line of text.split("\n")) assert.ok(line.length <= columns, line);
  });

  Deno.test(`help on a terminal of ${columns} columns fits it`, async () => {
    await using pty = new Pty("deno task client forward --help", { columns });
    assert.equal(await pty.ended(), 0);
    for (const line of own(pty).split("\n")) assert.ok(line.length <= columns, line);
  });
}

Deno.test("a log cannot write to the reader's terminal: the attempt is shown, and colors are kept", async () => {
  await using agent = await startAgent();
  const attack = "\x1b]52;c;eA==\x07\x1b[2J\x1b[8mhidden\r\u009b1A\x1b[31mred\x1b[0m";
  agent.logs.add({ content: criLine("2024-10-01T05:00:00Z", attack) });
  await using pty = new Pty(typed(agent, "forward default/web-"), { columns: 120 });
  assert.equal(await pty.ended(), 0, pty.shown);
  const shown = own(pty);
  assert.ok(shown.includes("\x1b[31mred\x1b[0m"), shown);
  const rest = shown.replaceAll(/\p{Cc}\[[\d;]*m/gu, "").replaceAll("\n", "");
  assert.ok(!/\p{Cc}/u.test(rest), JSON.stringify(rest));
  assert.match(rest, /\\x1b\]52;c;eA==\\x07\\x1b\[2J\\x1b\[8mhidden\\r\\x9b1A/);

  await using raw = new Pty(typed(agent, "forward default/web- --raw"), { columns: 120 });
  assert.equal(await raw.ended(), 0);
  assert.ok(raw.shown.includes("\x1b]52;c;eA==\x07"));
});

Deno.test("client forward --follow on a terminal: new records appear at once, Ctrl-C ends with 130", async () => {
  await using agent = await startAgent();
  const web = agent.logs.add({ content: criLines(1) });
  await using pty = new Pty(typed(agent, "forward default/web-0 -f"), { columns: 80 });
  await pty.shows("line 0");
  append(web, criLine("2024-10-01T05:10:00Z", "new line"));
  await pty.shows("new line");
  await pty.interrupt();
  assert.equal(await pty.ended(), 130);
  assert.match(own(pty), /Interrupted after 2 records\./);
});

Deno.test("piped to head, the client ends quietly and without color", async () => {
  await using agent = await startAgent();
  agent.logs.add({ content: criLines(50_000) });
  const command = `set -o pipefail; ${typed(agent, "forward default/web-")} | head -n 2`;
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", command],
    cwd: new URL("../../..", import.meta.url),
  }).output();
  const decoder = new TextDecoder();
  assert.equal(
    decoder.decode(stdout),
    "2024-10-01T05:00:00Z line 0\n2024-10-01T05:00:01Z line 1\n",
  );
  assert.match(stripVTControlCharacters(decoder.decode(stderr)), /^Task client .*\n$/);
});
