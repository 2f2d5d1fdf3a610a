import assert from "node:assert/strict";
import { client } from "../../src/cli/client.ts";
import { startAgent } from "../harness/agent.ts";
import { reach, runClient } from "../harness/client.ts";
import { append, criLine } from "../harness/log_tree.ts";
import { CapturedTerminal } from "../harness/terminal.ts";

/** RFC 3339 of so many seconds after five. */
function time(seconds: number): string {
  return new Date(Date.parse("2024-10-01T05:00:00Z") + seconds * 1000).toISOString();
}

/** Every third line, beginning with the first-th. */
function thirds(first: number, count = 30): string {
  return Array.from({ length: count }, (_, i) => first + i * 3)
    .map((n) => criLine(time(n), `line ${n}`)).join("");
}

/** Two agents: web-0 and web-1 on the first, web-2 on the second, and a db beside them. */
async function twoAgents() {
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await startAgent());
  const second = stack.use(await startAgent());
  const pods = [
    first.logs.add({ pod: "web-0", content: thirds(0) }),
    first.logs.add({ pod: "web-1", content: thirds(1) }),
    second.logs.add({ pod: "web-2", content: thirds(2) }),
  ] as const;
  second.logs.add({ pod: "db-0", content: thirds(0) });
  const kept = stack.move();
  return { first, second, pods, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const numbers = (text: string) => [...text.matchAll(/line (\d+)/g)].map(([, n]) => Number(n));

Deno.test("forward default/web- over two agents with three pods: merged, in order, named in colors", async () => {
  await using agents = await twoAgents();
  const terminal = new CapturedTerminal({ color: true, columns: 120 });
  const { code, stdout, stderr } = await runClient(
    ["forward", "default/web-", ...reach(agents.first, agents.second)],
    terminal,
  );
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "90 records of 3 logs.\n");
  assert.deepEqual(numbers(stdout), Array.from({ length: 90 }, (_, i) => i));
  const colors = new Map<string, Set<string>>();
  for (const line of stdout.trimEnd().split("\n")) {
    const [, color = "", name = ""] = /^\p{Cc}\[(\d+)m(web-\d\/app)\p{Cc}\[0m /u.exec(line) ?? [];
    colors.set(name, (colors.get(name) ?? new Set()).add(color));
  }
  assert.deepEqual([...colors.keys()].sort(), ["web-0/app", "web-1/app", "web-2/app"]);
  assert.equal(new Set([...colors.values()].flatMap((set) => [...set])).size, 3);

  const back = await runClient([
    "backward",
    "default/web-",
    "--limit",
    "4",
    ...reach(agents.first, agents.second),
  ]);
  assert.deepEqual(numbers(back.stdout), [89, 88, 87, 86]);
  assert.match(back.stdout, /^web-2\/app 2024-/);

  const json = await runClient([
    "forward",
    "default/web-",
    "--limit",
    "1",
    "--output",
    "json",
    ...reach(agents.first, agents.second),
  ]);
  const { pod, container, namespace, message } = JSON.parse(json.stdout);
  assert.deepEqual([namespace, pod, container, message], ["default", "web-0", "app", "line 0"]);
});

Deno.test("the same with --follow while one pod is replaced: the new pod joins, in order", async () => {
  await using agents = await twoAgents();
  const { first, second, pods } = agents;
  const terminal = new CapturedTerminal();
  const done = client(
    ["forward", "default/web-", "--follow", ...reach(first, second)],
    terminal,
  );
  await terminal.shows("line 89\n", done);

  const [, old] = pods;
  Deno.removeSync(old.link);
  Deno.removeSync(old.path);
  const fresh = second.logs.add({
    pod: "web-3",
    content: criLine(time(90), "line 90"),
  });
  await terminal.shows("line 90\n", done);
  await terminal.shows("- web-1/app: the log is gone\n", done);
  append(pods[0], criLine(time(91), "line 91"));
  await terminal.shows("line 91\n", done);
  append(fresh, criLine(time(92), "line 92"));
  await terminal.shows("line 92\n", done);
  append(pods[2], criLine(time(93), "line 93"));
  await terminal.shows("line 93\n", done);
  terminal.interrupt();
  assert.equal(await done, 130);
  assert.deepEqual(numbers(terminal.stdout), Array.from({ length: 94 }, (_, i) => i));
  assert.match(terminal.stdout, /^web-3\/app .* line 90$/m);
  assert.match(terminal.stderr, /^\+ web-3\/app$/m);
  assert.match(terminal.stderr, /^Interrupted after 94 records of 4 logs\.$/m);
});

Deno.test("--follow of a prefix waits for the first pod that matches", async () => {
  await using agent = await startAgent();
  agent.logs.add({ pod: "db-0", content: thirds(0, 1) });
  const terminal = new CapturedTerminal();
  const done = client(["forward", "default/web-", "-f", ...reach(agent)], terminal);
  await terminal.shows("No log of default/web- on this node yet; waiting for one.\n", done);
  await agent.sees((events) => events.some((event) => event.type === "watchers"));
  agent.logs.add({ pod: "web-0", content: thirds(0, 1) });
  await terminal.shows("web-0/app 2024-10-01T05:00:00Z line 0\n", done);
  terminal.interrupt();
  assert.equal(await done, 130);
});

Deno.test("all containers of a pod are read, or the one named", async () => {
  await using agent = await startAgent();
  agent.logs.add({ container: "app", content: criLine(time(0), "of app") });
  agent.logs.add({ container: "proxy", content: criLine(time(1), "of proxy") });
  const both = await runClient(["forward", "default/web-0", ...reach(agent)]);
  assert.deepEqual(both.stdout.split("\n").map((line) => line.replace(/ 2024\S+/, "")), [
    "web-0/app of app",
    "web-0/proxy of proxy",
    "",
  ]);
  const one = await runClient(["forward", "default/web-0/proxy", ...reach(agent)]);
  assert.equal(one.stdout, "2024-10-01T05:00:01Z of proxy\n");
});

Deno.test("a container id is taken by the prefix that list prints", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({ content: criLine(time(0), "found") });
  const { stdout } = await runClient(["list", ...reach(agent)]);
  const [, id = ""] = /app +(\w+)/.exec(stdout) ?? [];
  assert.equal(id, log.id.slice(0, 12));
  const read = await runClient([
    "forward",
    `default/web-0/app/containerd://${id.slice(0, 8)}`,
    ...reach(agent),
  ]);
  assert.deepEqual([read.code, read.stdout], [0, "2024-10-01T05:00:00Z found\n"]);
});

Deno.test("a line that CRI or max-line-bytes split is one line as text, its parts as JSON", async () => {
  await using agent = await startAgent({ maxLineBytes: 1024 });
  const long = "0123456789".repeat(300);
  agent.logs.add({
    content: `${time(0)} stdout P one\n${time(1)} stdout P  line\n${time(2)} stdout F  only\n` +
      criLine(time(3), long),
  });
  const text = await runClient(["forward", "default/web-0", ...reach(agent)]);
  assert.equal(
    text.stdout,
    `2024-10-01T05:00:00Z one line only\n2024-10-01T05:00:03Z ${long}\n`,
  );
  assert.equal(text.stderr, "2 records.\n");
  const back = await runClient(["backward", "default/web-0", "-n", "1", ...reach(agent)]);
  assert.equal(back.stdout, `2024-10-01T05:00:03Z ${long}\n`);
  const raw = await runClient(["forward", "default/web-0", "-o", "raw", ...reach(agent)]);
  assert.equal(raw.stdout, `one line only\n${long}\n`);
  const json = await runClient(["forward", "default/web-0", "-o", "json", ...reach(agent)]);
  assert.equal(json.stdout.split("\n").length - 1, 6);
});

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

Deno.test("--tail begins with the last records of each log, and goes on without a gap or a double", async () => {
  await using agent = await startAgent();
  // The last three records of web-0 have one time, and two of them one text.
  const same = ["a", "b", "b"].map((text) => criLine(time(200), `same ${text}`)).join("");
  const web = agent.logs.add({ pod: "web-0", content: thirds(0) + same });
  agent.logs.add({ pod: "web-1", content: thirds(1) });
  const texts = (stdout: string) =>
    stdout.trimEnd().split("\n").map((line) => line.replace(/^.*Z /, ""));

  const two = await runClient(["forward", "default/web-", "--tail", "2", ...reach(agent)]);
  assert.deepEqual(texts(two.stdout), ["line 85", "line 88", "same b", "same b"]);

  const terminal = new CapturedTerminal();
  const done = client(["forward", "default/web-0", "--tail", "2", "-f", ...reach(agent)], terminal);
  await terminal.shows("same b\n", done);
  append(web, criLine(time(200), "same c") + criLine(time(201), "new"));
  await terminal.shows("new\n", done);
  terminal.interrupt();
  assert.equal(await done, 130);
  assert.deepEqual(texts(terminal.stdout), ["same b", "same b", "same c", "new"]);

  for (
    const args of [["forward", "a/b", "--tail", "1", "-f", "--follow-from", "end"], [
      "backward",
      "a/b",
      "--tail",
      "1",
    ]]
  ) {
    assert.equal((await runClient(args)).code, 2);
  }
});
