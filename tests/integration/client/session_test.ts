import assert from "node:assert/strict";
import { client } from "../../../src/cli/client.ts";
import { startAgent } from "../../harness/agent.ts";
import { reach, runClient } from "../../harness/client.ts";
import { append, criLine } from "../../harness/log_tree.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

/** RFC 3339 of the given number of seconds after five. */
function time(seconds: number): string {
  return new Date(Date.parse("2024-10-01T05:00:00Z") + seconds * 1000).toISOString();
}

/** Every third line, beginning with the first-th. */
function thirds(first: number, count = 30): string {
  return Array.from({ length: count }, (_, i) => first + i * 3)
    .map((n) => criLine(time(n), `line ${n}`)).join("");
}

/** Two agents: web-0 and web-1 on the first, web-2 on the second, and additionally a db. */
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
