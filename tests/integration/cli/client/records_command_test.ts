import assert from "node:assert/strict";
import { client } from "../../../../src/cli/client.ts";
import { startAgent, type TestAgent } from "../../../harness/agent.ts";
import { reach, runClient } from "../../../harness/client.ts";
import { append, criLine, criLines } from "../../../harness/log_tree.ts";
import { CapturedTerminal } from "../../../harness/terminal.ts";

const LOG = "default/web-0/app";

async function run(agent: TestAgent, ...args: string[]) {
  const terminal = new CapturedTerminal();
  const code = await client([...args, ...reach(agent)], terminal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

function messages(stdout: string): string[] {
  return stdout.split("\n").slice(0, -1).map((line) => line.slice(line.indexOf(" ") + 1));
}

Deno.test("client forward and backward read, select and limit, and tell the end in words", async () => {
  await using agent = await startAgent();
  agent.logs.add({ content: criLines(100) });

  const whole = await run(agent, "forward", LOG);
  assert.equal(whole.code, 0);
  assert.equal(messages(whole.stdout).length, 100);
  assert.ok(whole.stdout.startsWith("2024-10-01T05:00:00Z line 0\n"));
  assert.equal(whole.stderr, "100 records.\n");

  const last = await run(agent, "backward", "default/web-0", "-n", "2");
  assert.deepEqual(messages(last.stdout), ["line 99", "line 98"]);
  assert.equal(last.stderr, "Ended at --limit: 2 records.\n");

  // The terminal's clock says 06:00:00: an hour after the first line.
  const window = ["--since", "59m50s", "--until", "2024-10-01T05:00:12Z"];
  const some = await run(agent, "forward", LOG, ...window, "--grep", "(?i)LINE 1[02]");
  assert.deepEqual(messages(some.stdout), ["line 10", "line 12"]);

  const json = await run(agent, "forward", LOG, "--limit", "1", "--output", "json");
  assert.deepEqual(JSON.parse(json.stdout), {
    timestamp: "2024-10-01T05:00:00Z",
    message: "line 0",
    is_final: true,
  });
});

Deno.test("client forward --follow continues until it is interrupted", async () => {
  await using agent = await startAgent();
  const web = agent.logs.add({ content: criLines(2) });
  for (const from of ["default", "end"]) {
    const terminal = new CapturedTerminal();
    const done = client(["forward", LOG, "-f", "--follow-from", from, ...reach(agent)], terminal);
    if (from === "default") await terminal.shows("line 1\n", done);
    else {
      // The agent reports that it follows the file: from then on, nothing is missed.
      await agent.sees((events) =>
        events.filter((event) => event.type === "followers" && event.change === 1).length === 2
      );
    }
    append(web, criLine("2024-10-01T05:10:00Z", `new, ${from}`));
    await terminal.shows(`new, ${from}\n`, done);
    terminal.interrupt();
    assert.equal(await done, 130);
    assert.equal(terminal.stdout.includes("line 0"), from === "default");
    const count = from === "default" ? "3 records" : "1 record";
    assert.equal(terminal.stderr, `Interrupted after ${count}.\n`);
  }
});

Deno.test("client forward --follow tells that the log is gone", async () => {
  await using agent = await startAgent();
  const web = agent.logs.add({ content: criLines(1) });
  const terminal = new CapturedTerminal();
  const done = client(["forward", LOG, "--follow", ...reach(agent)], terminal);
  await terminal.shows("line 0\n", done);
  Deno.removeSync(web.link);
  Deno.removeSync(web.path);
  assert.equal(await done, 0);
  assert.equal(terminal.stderr, "The log is gone; its pod or container was removed: 1 record.\n");
});

Deno.test("client forward --follow reports that the agent stops, after the remaining records", async () => {
  await using agent = await startAgent();
  agent.logs.add({ content: criLines(2) });
  const terminal = new CapturedTerminal();
  const done = client(["forward", LOG, "--follow", ...reach(agent)], terminal);
  await terminal.shows("line 1\n", done);
  agent.stop();
  assert.equal(await done, 1);
  assert.equal(
    terminal.stderr,
    "Cannot continue to read default/web-0/app: UNAVAILABLE: Server is shutting down\n",
  );
});

Deno.test("--follow-from without --follow is refused with the reason", async () => {
  const { code, stderr } = await runClient(["forward", "a/b", "--follow-from", "end"]);
  assert.equal(code, 2);
  assert.match(stderr, /this command does not follow\. Add --follow; .*client backward --limit/);
});

/** RFC 3339 of the given number of seconds after five. */
function time(seconds: number): string {
  return new Date(Date.parse("2024-10-01T05:00:00Z") + seconds * 1000).toISOString();
}

Deno.test("a terminal gets matches highlighted and control characters escaped; --raw and a pipe get them as they are", async () => {
  await using agent = await startAgent();
  const evil = "\x1b[32mgreen\x1b[0m \x1b]52;c;eA==\x07 \rhidden \u009b2K näedle";
  agent.logs.add({ content: criLine(time(0), evil) });
  const show = async (terminal: CapturedTerminal, ...args: string[]) =>
    (await runClient(["forward", "default/web-0", ...args, ...reach(agent)], terminal)).stdout;
  const shown = await show(
    new CapturedTerminal({ color: true, columns: 80 }),
    "--grep",
    "(?i)NÄEDLE",
  );
  assert.equal(
    shown,
    "\x1b[2m2024-10-01T05:00:00Z\x1b[0m \x1b[32mgreen\x1b[0m \\x1b]52;c;eA==\\x07 \\rhidden \\x9b2K " +
      "\x1b[1;31mnäedle\x1b[22;39m\x1b[0m\n",
  );
  assert.ok((await show(new CapturedTerminal({ columns: 80 }), "--raw")).includes(evil));
  assert.ok((await show(new CapturedTerminal())).includes(evil));
  const json = await show(new CapturedTerminal(), "--output", "json");
  assert.ok(!/(?!\n)\p{Cc}/u.test(json), json);
  assert.equal(JSON.parse(json).message, evil);
});
