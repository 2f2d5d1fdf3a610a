import assert from "node:assert/strict";
import { KubernetesReviewer } from "../../../../src/auth/reviewer.ts";
import { client } from "../../../../src/cli/client.ts";
import { silent } from "../../../../src/telemetry/events.ts";
import { startAgent, type TestAgent } from "../../../harness/agent.ts";
import { AuthorizationApi, verdict } from "../../../harness/authorization_api.ts";
import { reach } from "../../../harness/client.ts";
import { CapturedTerminal } from "../../../harness/terminal.ts";

async function run(agent: TestAgent, ...args: string[]) {
  const terminal = new CapturedTerminal();
  const code = await client([...args, ...reach(agent)], terminal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

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
    // A token with a front proxy's certificate would not count.
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

Deno.test("address, certificates and user come from the environment unless options name them", async () => {
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
