import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { client } from "../../../src/cli/client.ts";
import { demo } from "../../../src/cli/demo.ts";
import { Pty } from "../../harness/pty.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

/** A folder for temporary files that a demo must leave empty. */
function temporaryFolder(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: "d-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

function isEmpty(path: string): boolean {
  return [...Deno.readDirSync(path)].length === 0;
}

for (const columns of [80, 200]) {
  Deno.test(`demo on a terminal of ${columns} columns: every line fits, and none of its own is cut`, async () => {
    using folder = temporaryFolder();
    await using pty = new Pty("deno task demo", { columns, env: { TMPDIR: folder.path } });
    assert.equal(await pty.ended(), 0, pty.shown);
    const lines = stripVTControlCharacters(pty.shown).replaceAll("\r", "").split("\n");
    for (const line of lines) assert.ok(line.length <= columns, line);
    // The task's own line comes first, then the demo's text: no warning of the runtime.
    assert.match(lines[0] ?? "", /^Task demo deno run -A --quiet hack\/run_tools\.ts demo$/);
    assert.match(lines[1] ?? "", /^An agent serves sample logs/);
    // Only log records are cut.
    const cut = lines.filter((line) => line.endsWith("…"));
    for (const line of cut) assert.match(line, /^(?:2026-11-23T|I1123 )/);
    // Before printing its own line, `deno task` clears the current line.
    const own = pty.shown.slice(pty.shown.indexOf("Task"));
    assert.ok(!/\p{Cc}\[[0-9;]*[A-HJKf]/u.test(own), "moves the cursor or erases");
    assert.ok(isEmpty(folder.path), "left something behind");
  });
}

Deno.test("demo shows a follow through a rotation, and a caller who is denied", async () => {
  const terminal = new CapturedTerminal({ columns: 100 });
  assert.equal(await demo([], terminal), 0, terminal.stderr);
  const text = terminal.stdout;
  const commands = [...text.matchAll(/^\$ .*client (\w+)/gm)].map(([, command]) => command);
  assert.deepEqual(commands, ["list", "backward", "forward", "forward", "forward", "forward"]);
  assert.match(
    text,
    /order 3 shipped\n {2}\(the log is rotated: 0\.log is now 0\.log\.\d{8}-\d{6}\)\n.*order 4 shipped/,
  );
  assert.match(text, /order 6 shipped\nEnded at --limit: 6 records\./);
  assert.match(text, /PERMISSION_DENIED: permission denied: `get pods\/log` in\s+namespace/);
});

Deno.test("demo --stay names the status page and commands that work, until it is interrupted", async () => {
  const terminal = new CapturedTerminal({ columns: 120 });
  const done = demo(["--stay"], terminal);
  await terminal.shows("client watch\n", done);
  const [, page = ""] = /Status page: (http:\S+)/.exec(terminal.stdout.replaceAll("\n", " ")) ?? [];
  const response = await fetch(page);
  assert.equal(response.status, 200);
  assert.match(await response.text(), /<title>kubetail-cluster-agent on /);

  const variables = new Map(
    [...terminal.stdout.matchAll(/export (\w+)=(\S+)/g)].map((
      [, name = "", value = ""],
    ) => [name, value]),
  );
  const typed = new CapturedTerminal();
  const reach = [
    ["--addr", variables.get("KUBETAIL_AGENT_ADDR") ?? ""],
    ["--tls", variables.get("KUBETAIL_AGENT_TLS") ?? ""],
    ["--user", variables.get("KUBETAIL_AGENT_USER") ?? ""],
  ].flat();
  assert.equal(await client(["list", ...reach], typed), 0, typed.stderr);
  assert.equal(typed.stderr, "4 logs.\n");
  terminal.interrupt();
  assert.equal(await done, 0);
  assert.throws(
    () => Deno.statSync(variables.get("KUBETAIL_AGENT_TLS") ?? ""),
    Deno.errors.NotFound,
  );
});

Deno.test("an interrupted demo leaves nothing: Ctrl-C at each step, where SIGINT arrives twice", async () => {
  using folder = temporaryFolder();
  const moments = [
    "An agent serves",
    "Which logs are there?",
    "newest first",
    "order 1 shipped",
    "the log is rotated",
    "User dev",
  ];
  await Promise.all(moments.slice(0, 3).map((moment) => interruptAt(moment, folder.path)));
  await Promise.all(moments.slice(3).map((moment) => interruptAt(moment, folder.path)));
  assert.ok(isEmpty(folder.path), [...Deno.readDirSync(folder.path)].map((e) => e.name).join());
});

async function interruptAt(moment: string, folder: string): Promise<void> {
  await using pty = new Pty("deno task demo", { columns: 80, env: { TMPDIR: folder } });
  await pty.shows(moment);
  await pty.interrupt();
  await pty.interrupt();
  await pty.ended();
}

Deno.test("the remains of a killed demo are removed by a demo on another day", async () => {
  using folder = temporaryFolder();
  const abandoned = `${folder.path}/agent-demo-abc`;
  Deno.mkdirSync(abandoned);
  Deno.writeTextFileSync(`${abandoned}/tls.key`, "secret");
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
  Deno.utimeSync(abandoned, twoDaysAgo, twoDaysAgo);
  await using pty = new Pty("deno task demo", { columns: 80, env: { TMPDIR: folder.path } });
  await pty.ended();
  assert.ok(isEmpty(folder.path));
});
