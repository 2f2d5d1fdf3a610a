import assert from "node:assert/strict";
import { logFilesProblem, logFolderProblem } from "../../../src/agent/log_folder_checks.ts";
import { criLines, LogTree } from "../../harness/log_tree.ts";

Deno.test("a readable folder with readable logs is no problem, nor is an empty one", () => {
  using tree = new LogTree();
  assert.equal(logFolderProblem(tree), null);
  assert.equal(logFilesProblem(tree), null);
  tree.add({ content: criLines(1) });
  assert.equal(logFolderProblem(tree), null);
  assert.equal(logFilesProblem(tree), null);
});

Deno.test("a missing folder, and a file in its place, are named with what to mount", () => {
  using tree = new LogTree();
  const missing = `${tree.dir}/nowhere`;
  assert.equal(
    logFolderProblem({ containerLogsDir: missing }),
    `Cannot list ${missing}: no such folder. Mount /var/log/containers and /var/log/pods from ` +
      "the node (hostPath volumes), or set container-logs-dir",
  );
  Deno.writeTextFileSync(missing, "");
  assert.match(logFolderProblem({ containerLogsDir: missing }) ?? "", /no such folder/);
});

Deno.test("links that all lead nowhere: their targets are not mounted", () => {
  using tree = new LogTree();
  const logs = ["web-0", "web-1"].map((pod) => tree.add({ pod, content: criLines(1) }));
  Deno.removeSync(logs[0]?.path ?? "");
  assert.equal(logFilesProblem(tree), null, "one log that was just removed is no problem");
  Deno.removeSync(logs[1]?.path ?? "");
  assert.match(
    logFilesProblem(tree) ?? "",
    /the links there lead nowhere\. Mount .*\/var\/log\/pods/,
  );
});

Deno.test("files that are no logs, and links to a FIFO, are not opened", async () => {
  using tree = new LogTree();
  Deno.writeTextFileSync(`${tree.containerLogsDir}/notes.txt`, "");
  const fifo = `${tree.dir}/pods/fifo`;
  const made = await new Deno.Command("mkfifo", { args: [fifo] }).output();
  assert.ok(made.success);
  // Opening it would block forever.
  Deno.symlinkSync(fifo, `${tree.containerLogsDir}/web-0_default_app-0123456789ab.log`);
  assert.equal(logFilesProblem(tree), null);
});

Deno.test("a folder beyond the granted ones: the program's build is named, not the pod", async () => {
  using tree = new LogTree();
  const outside = `${tree.dir}/containers`;
  const text = await runElsewhere({
    permissions: [],
    program: `logFolderProblem({ containerLogsDir: ${JSON.stringify(outside)} })`,
  });
  assert.match(text, /beyond the folders that this program was built to read/);
});

Deno.test("a folder and logs that the agent's user may not read: whose, which mode, which securityContext", async () => {
  using tree = new LogTree();
  const log = tree.add({ content: criLines(1) });
  Deno.chmodSync(tree.dir, 0o755);
  Deno.chmodSync(log.path, 0o640);
  const run = (call: string) =>
    runElsewhere({
      permissions: [`--allow-read=${tree.dir}`],
      program: `${call}({ containerLogsDir: ${JSON.stringify(tree.containerLogsDir)} })`,
    });
  const self = Deno.uid();
  const gid = Deno.gid();
  if (self !== 0) {
    // The owner itself: nobody has any right.
    Deno.chmodSync(log.path, 0);
    Deno.chmodSync(tree.containerLogsDir, 0);
    assert.match(logFolderProblem(tree) ?? "", /mode d---------, and the agent's user/);
    Deno.chmodSync(tree.containerLogsDir, 0o755);
    assert.match(logFilesProblem(tree) ?? "", /mode ----------/);
    return;
  }
  assert.equal(
    await run("logFilesProblem"),
    `Cannot read ${log.link}: it belongs to user ${self}, group ${gid}, mode -rw-r-----, and the ` +
      "agent's user 65534 may not. Run the container as its owner " +
      `(securityContext: { runAsUser: ${self} }) or in that group (supplementalGroups: [${gid}])`,
  );
  Deno.chmodSync(tree.containerLogsDir, 0o700);
  assert.equal(
    await run("logFolderProblem"),
    `Cannot list ${tree.containerLogsDir}: it belongs to user ${self}, group ${gid}, mode ` +
      "drwx------, and the agent's user 65534 may not. Run the container as its owner " +
      `(securityContext: { runAsUser: ${self} })`,
  );
  Deno.chmodSync(tree.dir, 0o700);
  assert.match(
    await run("logFolderProblem"),
    /may not look into a folder above it\. Run .* as root/,
  );
});

/**
 * Evaluates an expression of the module's functions in a separate process, with only the given permissions, and as user
 * nobody if this one is root, whom no mode keeps out. Works on a copy of the sources, because nobody may not be allowed
 * to read the originals.
 */
async function runElsewhere(
  options: { readonly permissions: readonly string[]; readonly program: string },
): Promise<string> {
  const dir = Deno.makeTempDirSync({ prefix: "agent-nobody-" });
  try {
    const root = Deno.uid() === 0;
    copy(new URL("../../../src/", import.meta.url).pathname, `${dir}/src`);
    Deno.copyFileSync(new URL("../../../deno.json", import.meta.url), `${dir}/deno.json`);
    Deno.copyFileSync(Deno.execPath(), `${dir}/deno`);
    Deno.writeTextFileSync(
      `${dir}/main.ts`,
      `import { logFilesProblem, logFolderProblem } from "./src/agent/log_folder_checks.ts";
void logFilesProblem;
void logFolderProblem;
Deno.stdout.writeSync(new TextEncoder().encode(String(${options.program})));`,
    );
    Deno.mkdirSync(`${dir}/cache`);
    Deno.chmodSync(`${dir}/cache`, 0o777);
    Deno.chmodSync(dir, 0o755);
    const { code, stdout, stderr } = await new Deno.Command(`${dir}/deno`, {
      args: [
        "run",
        "--quiet",
        "--no-config",
        "--no-lock",
        "--no-prompt",
        "--allow-sys=uid",
        ...options.permissions,
        `${dir}/main.ts`,
      ],
      cwd: dir,
      clearEnv: true,
      env: { DENO_DIR: `${dir}/cache`, HOME: dir, PATH: Deno.env.get("PATH") ?? "" },
      ...(root ? { uid: 65534, gid: 65534 } : {}),
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

function copy(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const entry of Deno.readDirSync(from)) {
    if (entry.isDirectory) copy(`${from}/${entry.name}`, `${to}/${entry.name}`);
    else Deno.copyFileSync(`${from}/${entry.name}`, `${to}/${entry.name}`);
  }
}
