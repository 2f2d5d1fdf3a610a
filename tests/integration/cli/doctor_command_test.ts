import assert from "node:assert/strict";
import { doctor } from "../../../src/cli/doctor_command.ts";
import { startAgent } from "../../harness/agent.ts";
import { createAuthority } from "../../harness/certificates.ts";
import { criLines, LogTree } from "../../harness/log_tree.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

/** Runs doctor on a configuration that is correct except for the given lines. */
async function examine(tree: LogTree, lines: readonly string[], ...args: string[]) {
  const authority = await createAuthority();
  const { cert, key } = await authority.server({
    notAfter: new Date(Date.now() + 30 * 86_400_000),
  });
  Deno.writeTextFileSync(`${tree.dir}/tls.crt`, cert);
  Deno.writeTextFileSync(`${tree.dir}/tls.key`, key);
  const file = `${tree.dir}/agent.yaml`;
  Deno.writeTextFileSync(
    file,
    [
      "addr: 127.0.0.1:1",
      `container-logs-dir: ${tree.containerLogsDir}`,
      `log-roots: ${JSON.stringify(tree.logRoots)}`,
      `tls: { client-auth: none, cert-file: ${tree.dir}/tls.crt, key-file: ${tree.dir}/tls.key }`,
      "authorization: { methods: [allow-all] }",
      "telemetry: { addr: '' }",
      ...lines,
    ].join("\n"),
  );
  const terminal = new CapturedTerminal();
  const code = await doctor(["-c", file, ...args], terminal);
  return { code, out: terminal.stdout, err: terminal.stderr };
}

Deno.test("doctor: there is one finding for each subject, and the exit code is that of the worst", async () => {
  using tree = new LogTree();
  tree.add({ content: criLines(1) });
  const { code, out, err } = await examine(tree, []);
  assert.equal(code, 1, out);
  assert.deepEqual(
    out.split("\n").filter((line) => /^\w/.test(line)).map((line) => line.slice(0, 22).trim()),
    [
      "ok     configuration",
      "ok     permissions",
      "ok     certificates",
      "warn   callers",
      "ok     logs",
      "ok     api server",
      "ok     access reviews",
      "ok     agent",
    ],
  );
  assert.match(out.replaceAll(/\s+/g, " "), /anyone who can reach the port can read every log\./);
  assert.match(out, /: 1 log\n/);
  assert.equal(err, "To fix: 0 errors, 1 warning.\n");
});

Deno.test("doctor: a problem is an error with its remedy, exit code 2, also as JSON", async () => {
  using tree = new LogTree();
  const json = async (...args: string[]) => {
    const { code, out } = await examine(tree, [], "-o", "json", ...args);
    return {
      code,
      errors: out.trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, string>)
        .filter(({ level }) => level === "error"),
    };
  };
  const missing = await json("-p", `container-logs-dir:${tree.dir}/nowhere`);
  assert.equal(missing.code, 2);
  assert.deepEqual(missing.errors.map(({ subject }) => subject), ["logs"]);
  assert.match(missing.errors[0]?.["text"] ?? "", /no such folder\. Mount .* from the node/);

  const stranger = await createAuthority();
  Deno.writeTextFileSync(`${tree.dir}/other.key`, (await stranger.server()).key);
  const unfit = await json("-p", `tls.key-file:${tree.dir}/other.key`);
  assert.equal(unfit.code, 2);
  assert.match(unfit.errors[0]?.["text"] ?? "", /other\.key: it is not the key of/);
});

Deno.test("doctor: a configuration with which no agent would start is an error, exit code 2", async () => {
  using tree = new LogTree();
  const { code, out, err } = await examine(tree, ["history: maybe"]);
  assert.equal(code, 2);
  assert.match(out, /^error +configuration +.*history: found the text "maybe"/);
  assert.equal(err, "To fix: 1 error, 0 warnings.\n");
  const terminal = new CapturedTerminal();
  assert.equal(await doctor(["--color"], terminal), 2);
  assert.match(terminal.stderr, /Try: doctor --help/);
});

Deno.test("doctor: an agent that runs here is asked for its health", async () => {
  await using agent = await startAgent({ telemetry: { addr: "127.0.0.1:0" } });
  const { out } = await examine(
    agent.logs,
    [],
    "-p",
    `telemetry.addr:127.0.0.1:${agent.telemetryPort}`,
  );
  assert.match(out, /^ok +agent +runs on this host and is healthy$/m);
});
