import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { client } from "../../src/cli/client.ts";
import { grep } from "../../src/cli/grep.ts";
import { KubernetesReviewer } from "../../src/auth/reviewer.ts";
import { silent } from "../../src/telemetry/events.ts";
import { AuthorizationApi, verdict } from "../harness/authorization_api.ts";
import { startAgent, type TestAgent } from "../harness/agent.ts";
import { append, criLine, criLines, LogTree } from "../harness/log_tree.ts";
import { CapturedTerminal } from "../harness/terminal.ts";

const LOG = "default/web-0/app";

/** The options by which a client reaches the agent. */
function reach(agent: TestAgent): string[] {
  const dir = agent.certificatesDir;
  return [
    "--addr",
    agent.address,
    "--ca",
    `${dir}/ca.crt`,
    "--cert",
    `${dir}/client.crt`,
    "--key",
    `${dir}/client.key`,
  ];
}

async function run(agent: TestAgent, ...args: string[]) {
  const terminal = new CapturedTerminal();
  const code = await client([...args, ...reach(agent)], terminal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

function messages(stdout: string): string[] {
  return stdout.split("\n").slice(0, -1).map((line) => line.slice(line.indexOf(" ") + 1));
}

Deno.test("client list shows a table, or JSON, of all namespaces or those named", async () => {
  await using agent = await startAgent();
  const web = agent.logs.add({ content: "x".repeat(2048) });
  agent.logs.add({ namespace: "kube-system", pod: "dns-0", container: "dns" });
  Deno.utimeSync(web.path, 1727758800, 1727758800.25);

  const all = await run(agent, "list");
  assert.equal(all.code, 0);
  const [head, first, second] = all.stdout.split("\n");
  assert.match(head ?? "", /^NAMESPACE +POD +CONTAINER +ID +SIZE +LAST CHANGE$/);
  assert.match(first ?? "", /^default +web-0 +app +\w{12} +2 KiB +2024-10-01T05:00:00Z$/);
  assert.match(second ?? "", /^kube-system +dns-0 +dns /);
  assert.equal(all.stderr, "2 logs.\n");

  const one = await run(agent, "list", "default", "--output", "json");
  assert.deepEqual(JSON.parse(one.stdout), {
    id: web.id,
    spec: {
      node_name: JSON.parse(one.stdout).spec.node_name,
      namespace: "default",
      pod_name: "web-0",
      container_name: "app",
      container_id: web.id,
    },
    fileInfo: { size: 2048, last_modified_at: "2024-10-01T05:00:00.250Z" },
  });
});

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

Deno.test("client forward --follow goes on until it is interrupted", async () => {
  await using agent = await startAgent();
  const web = agent.logs.add({ content: criLines(2) });
  for (const from of ["default", "end"]) {
    const terminal = new CapturedTerminal();
    const done = client(["forward", LOG, "-f", "--follow-from", from, ...reach(agent)], terminal);
    if (from === "default") await terminal.shows("line 1\n", done);
    else {
      // The agent tells that it looks after the file: from then on nothing is missed.
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
  assert.equal(terminal.stderr, "The log is gone, its pod or container was removed: 1 record.\n");
});

Deno.test("client forward --follow tells that the agent stops, after what it had to show", async () => {
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

Deno.test("client watch shows what appears, changes and goes", async () => {
  await using agent = await startAgent({ watch: { debounceMs: 10 } });
  const terminal = new CapturedTerminal();
  const done = client(["watch", "default", "--limit", "3", ...reach(agent)], terminal);
  await terminal.shows("Watching ", done);
  agent.logs.add({ namespace: "other" });
  const web = agent.logs.add();
  await terminal.shows(`ADDED     ${LOG}/${web.id.slice(0, 12)}  0 B`, done);
  append(web, criLines(1));
  await terminal.shows(`MODIFIED  ${LOG}/${web.id.slice(0, 12)}  `, done);
  Deno.removeSync(web.link);
  assert.equal(await done, 0);
  assert.ok(terminal.stdout.endsWith(`DELETED   ${LOG}/${web.id.slice(0, 12)}\n`), terminal.stdout);
  assert.ok(!terminal.stdout.includes("other"));
  assert.ok(terminal.stderr.endsWith("Ended at --limit: 3 events.\n"));
});

Deno.test("user, groups, extras and token are sent as authentication expects them", async () => {
  await using api = await AuthorizationApi.start({
    answer(asked) {
      const { user, groups, extra } = asked.body.spec ?? {};
      const alice = user === "alice" && groups?.join() === "dev,ops" &&
        extra?.["scopes"]?.join() === "a,b=c";
      return verdict(asked, alice || asked.headers["authorization"] === "Bearer sesame");
    },
  });
  using closing = new DisposableStack();
  const reviewer = closing.adopt(
    new KubernetesReviewer({ report: silent, findApiServer: () => Promise.resolve(api.access()) }),
    (reviewer) => reviewer.close(),
  );
  await using agent = await startAgent(
    // Of a front proxy's certificate no token would count.
    { tls: { allowedNames: [] }, authorization: { methods: ["front-proxy", "token"] } },
    { reviewer },
  );
  const tokenFile = `${agent.logs.dir}/token`;
  Deno.writeTextFileSync(tokenFile, "sesame\n");
  const alice = ["--user", "alice", "--group", "dev", "--group", "ops"];
  const extras = ["--extra", "scopes=a", "--extra", "scopes=b=c"];
  for (
    const [args, code] of [
      [[...alice, ...extras], 0],
      [alice, 1],
      [["--token", "sesame"], 0],
      [["--token-file", tokenFile], 0],
      [["--token", "other"], 1],
      [[], 1],
    ] as const
  ) {
    const { code: given, stderr } = await run(agent, "list", ...args);
    assert.equal(given, code, `${args.join(" ")}: ${stderr}`);
  }
});

Deno.test("a certificate is checked against an IP address too, and against --server-name", async () => {
  await using agent = await startAgent();
  const list = async (...args: string[]) => {
    const terminal = new CapturedTerminal();
    const options = [...reach(agent), "--addr", `127.0.0.1:${agent.port}`];
    return await client(["list", ...options, ...args], terminal) === 0 ? "ok" : terminal.stderr;
  };
  assert.equal(await list(), "ok");
  assert.equal(await list("--server-name", "localhost"), "ok");
  assert.match(await list("--server-name", "elsewhere.test"), /UNAVAILABLE/);
  const other = `${agent.certificatesDir}/client.crt`; // A certificate, but no authority.
  assert.match(await list("--ca", other), /UNAVAILABLE/);
});

Deno.test("--tls takes a folder laid out as a Kubernetes TLS secret; --insecure-plaintext takes none", async () => {
  await using agent = await startAgent();
  const dir = agent.certificatesDir;
  Deno.copyFileSync(`${dir}/client.crt`, `${dir}/tls.crt`);
  Deno.copyFileSync(`${dir}/client.key`, `${dir}/tls.key`);
  const terminal = new CapturedTerminal();
  assert.equal(await client(["list", "-a", agent.address, "--tls", dir], terminal), 0);

  await using plain = await startAgent({ tls: { enabled: false } });
  const args = ["list", "-a", plain.address, "--insecure-plaintext"];
  assert.equal(await client(args, terminal), 0);
});

for (
  const [args, expected] of [
    [[], "Which command?"],
    [["read"], 'Unknown command "read"'],
    [["list", "--color"], "'--color'"],
    [["list", "--addr", "agent"], "--addr"],
    [["list", "--output", "yaml"], "--output"],
    [["list", "--ca", "/nowhere"], "--ca /nowhere"],
    [["list", "--cert", "x"], "--cert and --key"],
    [["list", "--insecure-plaintext", "--tls", "x"], "--tls"],
    [["list", "--insecure-plaintext", "--token", "x", "-a", "example.com:1"], "loopback"],
    [["list", "--group", "x"], "--user"],
    [["list", "--user", "a", "--extra", "x"], "--extra"],
    [["list", "--user", "a\nb"], "--user"],
    [["list", "--token", "a", "--token-file", "b"], "--token-file"],
    [["forward"], "NAMESPACE/POD"],
    [["forward", LOG, "--follow-from", "end"], "Add --follow"],
    [["forward", "web-0"], '"web-0"'],
    [["forward", LOG, "more"], '"more"'],
    [["forward", LOG, "--since", "soon"], '--since "soon"'],
    [["forward", LOG, "--limit", "0"], '--limit "0"'],
    [["forward", LOG, "--follow-from", "start"], "--follow-from"],
    [["backward", LOG, "--follow"], "follow"],
  ] as const
) {
  Deno.test(`wrong arguments are named, exit code 2: client ${args.join(" ")}`, async () => {
    const terminal = new CapturedTerminal();
    assert.equal(await client(args, terminal), 2);
    assert.ok(terminal.stderr.includes(expected), terminal.stderr);
    assert.equal(terminal.stdout, "");
  });
}

Deno.test("what fails is said in words, exit code 1, without a stack trace", async () => {
  await using agent = await startAgent();
  agent.logs.add();
  for (
    const [args, expected] of [
      [
        ["forward", "default/web-0/db"],
        "No log of default/web-0/db on this node; there are default/web-0/app",
      ],
      [["forward", `${LOG}/zzz`], "No log of default/web-0/app/zzz on this node; there are "],
      [["forward", LOG, "--grep", "("], "INVALID_ARGUMENT: Invalid grep pattern: "],
    ] as const
  ) {
    const { code, stderr, stdout } = await run(agent, ...args);
    assert.equal(code, 1);
    assert.ok(stderr.includes(expected), stderr);
    assert.ok(!stderr.includes("\n    at "), stderr);
    assert.equal(stdout, "");
  }
  const unreachable = new CapturedTerminal();
  assert.equal(await client(["list", "-a", "localhost:1", "--insecure-plaintext"], unreachable), 1);
  assert.match(unreachable.stderr, /^Cannot list the logs of localhost:1: UNAVAILABLE: /);
});

Deno.test("a reader that goes away, as head does, ends the command quietly", async () => {
  await using agent = await startAgent();
  agent.logs.add({ content: criLines(10_000) });
  class Closed extends CapturedTerminal {
    override out(): void {
      throw Object.assign(new Error("Broken pipe (os error 32)"), { name: "BrokenPipe" });
    }
  }
  const terminal = new Closed();
  assert.equal(await client(["forward", LOG, ...reach(agent)], terminal), 0);
  assert.equal(terminal.stderr, "");
});

for (const command of [[], ["list"], ["watch"], ["forward"], ["backward"]]) {
  Deno.test(`client ${command.join("")} --help explains itself`, async () => {
    const terminal = new CapturedTerminal();
    assert.equal(await client([...command, "--help"], terminal), 0);
    const usage = `Usage: client ${command[0] ?? "COMMAND"} `;
    assert.ok(terminal.stdout.startsWith(usage), terminal.stdout);
    assert.equal(terminal.stderr, "");
  });
}

Deno.test("grep searches a file without an agent, in both formats and directions", async () => {
  using logs = new LogTree();
  const web = logs.add({ content: criLines(20_000) });
  const read = async (...args: string[]) => {
    const terminal = new CapturedTerminal();
    const code = await grep(args, terminal);
    return { code, texts: messages(terminal.stdout), stderr: terminal.stderr };
  };
  assert.deepEqual(await read("LINE 1999\\d", web.link), { code: 1, texts: [], stderr: "" });
  const ten = Array.from({ length: 10 }, (_, i) => `line 1999${i}`);
  assert.deepEqual((await read("(?i)LINE 1999\\d", web.link)).texts, ten);
  assert.deepEqual((await read("line 1999\\d", web.path, "-b", "-m", "2")).texts, [
    "line 19999",
    "line 19998",
  ]);
  const window = ["--since", "2024-10-01T05:00:01Z", "--until", "2024-10-01T05:00:02Z"];
  assert.deepEqual((await read("", web.path, ...window)).texts, ["line 1", "line 2"]);
  assert.equal((await read("", web.path)).texts.length, 20_000);

  const docker = logs.add({
    pod: "docker-0",
    format: "docker",
    content: '{"log":"hello\\n","stream":"stdout","time":"2024-10-01T05:00:00Z"}\n',
  });
  assert.deepEqual((await read("h.llo", docker.link)).texts, ["hello"]);

  const compressed = `${logs.dir}/0.log.20241001-060000.gz`;
  Deno.writeFileSync(compressed, gzipSync(criLines(20_000)));
  assert.deepEqual((await read("line 1999\\d", compressed)).texts, ten);
  assert.deepEqual((await read("", compressed, "-b", "-m", "1")).texts, ["line 19999"]);
});

Deno.test("address, certificates and user come from the environment where no option names them", async () => {
  await using agent = await startAgent();
  await using plain = await startAgent({ tls: { enabled: false } });
  agent.logs.add();
  const dir = agent.certificatesDir;
  Deno.copyFileSync(`${dir}/client.crt`, `${dir}/tls.crt`);
  Deno.copyFileSync(`${dir}/client.key`, `${dir}/tls.key`);
  using _environment = environment({
    KUBETAIL_AGENT_ADDR: `${agent.address}, ${agent.address}`,
    KUBETAIL_AGENT_TLS: dir,
    KUBETAIL_AGENT_USER: "alice",
  });
  const listing = async (...args: string[]) => {
    const terminal = new CapturedTerminal();
    return [await client(["list", ...args], terminal), terminal.stderr];
  };
  assert.deepEqual(await listing(), [0, "1 log.\n"]);
  assert.deepEqual(await listing("-a", plain.address, "--insecure-plaintext"), [0, "0 logs.\n"]);
  assert.deepEqual(await listing("--token", "x"), [0, "1 log.\n"]);
});

/** Sets variables until it is disposed of. */
function environment(variables: Readonly<Record<string, string>>): Disposable {
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      for (const name of Object.keys(variables)) Deno.env.delete(name);
    },
  };
}
