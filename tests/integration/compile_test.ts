import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { bundle } from "../../hack/bundle.ts";
import { compile, targets } from "../../hack/compile.ts";
import { flagsWith } from "../../hack/launch/grants.ts";
import { agent, programs, runFlags, tools } from "../../hack/permissions.ts";
import { toolFlags } from "../../hack/run_tools.ts";
import { bakedLogRoots } from "../../src/agent/baked_roots.ts";
import { freePorts } from "../../hack/free_ports.ts";
import {
  addressed,
  asked,
  type Baked,
  embeddedJson,
  type Entry,
  filesBelow,
  granted,
  paths,
} from "./compile/binary_contents.ts";

// `deno compile` appends the program to a runtime that it downloads. Here a small executable replaces the runtime:
// everything else is real, and what was appended can be read back.
const standIn = realpathSync("/bin/true");
const project = resolve(import.meta.dirname!, "../..");
/** Limit of what compiling adds to the runtime: program, packages, WebAssembly modules, source maps. */
const MOST_PAYLOAD_BYTES = 6e6;

Deno.test("both programs compile for both architectures, complete and with nothing more granted", async (t) => {
  using folder = temporary();
  await compile({
    programs,
    targets: Object.keys(targets),
    out: folder.path,
    version: "9.8.7",
    pack: false,
    runtime: standIn,
  });

  for (const program of programs) {
    const bundled = join(folder.path, "bundle", program.name);
    const needed = filesBelow(bundled);
    await t.step(`${program.name} finds in its bundle what it addresses`, () => {
      deepStrictEqual(addressed(bundled).filter((name) => !existsSync(join(bundled, name))), []);
    });
    for (const target of Object.keys(targets)) {
      await t.step(`${program.name} for ${target}`, () => {
        const binary = readFileSync(join(folder.path, target, program.name));
        const bytes = binary.toString("latin1");
        const baked = embeddedJson(bytes, '{"argv":') as Baked;
        strictEqual(baked.entrypoint_key, basename(program.entry).replace(/\.ts$/, ".js"));
        deepStrictEqual(granted(baked), asked(program));
        for (const flag of program.v8Flags) ok(baked.v8_flags.includes(flag), flag);
        deepStrictEqual(
          baked.unstable_config.features,
          program.unstable.map((flag) => flag.replace("--unstable-", "")),
        );

        const files = [...paths(embeddedJson(bytes, '[{"File":') as Entry[])];
        const embedded = (file: string) => files.some((path) => `/${path}`.endsWith(`/${file}`));
        deepStrictEqual(needed.filter((file) => !embedded(file)), [], "missing at run time");
        deepStrictEqual(files.filter((file) => /node_modules|\.ts$/.test(file)), [], "not bundled");
        const payload = binary.length - statSync(standIn).size;
        ok(payload <= MOST_PAYLOAD_BYTES, `${payload} bytes in addition to the runtime`);
      });
    }
  }
});

Deno.test("archives hold the program, its license and its texts; SHA256SUMS fits them", async () => {
  using folder = temporary();
  const archives = await compile({
    programs,
    targets: Object.keys(targets),
    out: folder.path,
    version: "9.8.7",
    pack: true,
    runtime: standIn,
  });
  const licenses = "LICENSES-OF-PACKAGES.txt";
  const sums = readFileSync(join(folder.path, "SHA256SUMS"), "utf8");
  deepStrictEqual(archives.map((path) => basename(path)).sort(), [
    "kubetail-agent-tools_9.8.7.cdx.json",
    "kubetail-agent-tools_9.8.7_linux_amd64.tar.gz",
    "kubetail-agent-tools_9.8.7_linux_arm64.tar.gz",
    "kubetail-cluster-agent_9.8.7.cdx.json",
    "kubetail-cluster-agent_9.8.7_linux_amd64.tar.gz",
    "kubetail-cluster-agent_9.8.7_linux_arm64.tar.gz",
  ]);
  for (const archive of archives) {
    const sum = createHash("sha256").update(readFileSync(archive)).digest("hex");
    ok(sums.includes(`${sum}  ${basename(archive)}\n`), archive);
    if (archive.endsWith(".json")) continue;
    const inside = execFileSync("tar", ["--list", "--file", archive], { encoding: "utf8" })
      .trim().split("\n").map((path) => path.slice(path.indexOf("/") + 1))
      .filter((name) => name !== "");
    deepStrictEqual(
      inside,
      basename(archive).startsWith(agent.name)
        ? ["LICENSE", licenses, "README.md", "config.example.yaml", agent.name]
        : ["LICENSE", licenses, "README.md", tools.name],
    );
  }
});

Deno.test("the tasks run the programs with the flags that are baked into the binaries, or with less", () => {
  const { tasks } = JSON.parse(readFileSync(join(project, "deno.json"), "utf8")) as {
    tasks: Record<string, { command: string }>;
  };
  strictEqual(tasks.serve?.command, "deno run -A hack/serve.ts", "which grants what follows");
  deepStrictEqual(flagsWith({ read: [], net: [], env: [], run: [] }), runFlags(agent));
  for (const name of ["client", "grep", "demo"]) {
    strictEqual(tasks[name]?.command, `deno run -A --quiet hack/run_tools.ts ${name}`);
    const flags = toolFlags(name);
    const allowed = runFlags(tools);
    const more = flags.filter((flag) => !allowed.includes(flag));
    deepStrictEqual(more, [], `deno task ${name} is granted what the binary is not`);
    const engine = allowed.filter((flag) => !/^--(?:allow|deny)-/.test(flag));
    deepStrictEqual(engine.filter((flag) => !flags.includes(flag)), [], `deno task ${name} lacks`);
    strictEqual(flags.includes("--allow-write"), name === "demo", `deno task ${name} writes`);
  }
});

Deno.test("with the binary's flags the agent tells its version and checks the example configuration", () => {
  strictEqual(run(["--version"]).stdout.trim(), version());
  const example = join(project, "deploy/config.example.yaml");
  const checked = run(["config", "check", "--config", example], [join(project, "deploy")]);
  strictEqual(checked.code, 0, checked.stderr);
});

Deno.test("with the binary's flags the agent serves, is found healthy and stops at SIGTERM", async () => {
  using folder = temporary();
  const [port, telemetry] = freePorts(2);
  const config = join(folder.path, "config.yaml");
  mkdirSync(join(folder.path, "containers"));
  writeFileSync(
    config,
    `addr: 127.0.0.1:${port}
container-logs-dir: ${folder.path}/containers
log-roots: [${folder.path}]
tls: { enabled: false }
authorization: { methods: [allow-all] }
telemetry: { addr: "127.0.0.1:${telemetry}" }
`,
  );
  const serving = new Deno.Command(Deno.execPath(), {
    args: command(["serve", "--config", config], [folder.path]),
    cwd: project,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = Promise.all(
    [serving.stdout, serving.stderr].map((stream) => new Response(stream).text()),
  );
  try {
    // healthcheck itself is polled as the event: it answers 1 until the agent serves.
    let health = run(["healthcheck", "--config", config], [folder.path]);
    for (let tries = 0; health.code !== 0 && tries < 600; tries++) {
      health = run(["healthcheck", "--config", config], [folder.path]);
    }
    strictEqual(health.code, 0, health.stderr);
  } finally {
    serving.kill("SIGTERM");
  }
  const { code } = await serving.status;
  strictEqual(code, 0, (await said).join("\n"));
});

Deno.test("log roots beyond the baked ones: exit 2, naming them and the baked ones", () => {
  const params = [
    "container-logs-dir:/srv/elsewhere/containers",
    "tls.enabled:false",
    "authorization.methods:allow-all",
    "telemetry.addr:",
  ];
  const { code, stderr } = run([
    "serve",
    "--addr",
    "127.0.0.1:0",
    ...params.flatMap((param) => ["--param", param]),
  ]);
  strictEqual(code, 2, stderr);
  ok(stderr.includes("/srv/elsewhere/containers"), stderr);
  for (const root of bakedLogRoots) ok(stderr.includes(root), stderr);
});

Deno.test({
  name: "hack/smoke.sh, which tries real binaries, passes with bundles run by the binaries' flags",
  // It writes to /var/log and /etc, so it only runs if these can be private copies.
  ignore: Deno.uid() !== 0 ||
    !new Deno.Command("sh", { args: ["-c", "unshare --mount true"] }).outputSync().success,
  async fn() {
    using folder = temporary();
    for (const program of programs) {
      const path = join(folder.path, program.name);
      const { entry, folder: modules } = await bundle(
        program,
        join(folder.path, "bundle", program.name),
      );
      const flags = ["--no-config", "--no-npm", "--no-remote", ...runFlags(program, modules)];
      const words = [Deno.execPath(), "run", ...flags, entry];
      writeFileSync(path, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`, { mode: 0o755 });
    }
    const binaries = [agent, tools].map(({ name }) => `'${join(folder.path, name)}'`).join(" ");
    const script = `set -e
      made=; if mkdir /etc/kubetail 2>/dev/null; then made=yes; fi
      mount -t tmpfs none /var/log
      mount -t tmpfs none /etc/kubetail
      code=0
      bash hack/smoke.sh ${binaries} || code=$?
      umount /etc/kubetail 2>/dev/null || true
      [ -z "$made" ] || rmdir --ignore-fail-on-non-empty /etc/kubetail
      exit $code`;
    const [port, telemetry] = freePorts(2);
    const { code, stdout, stderr } = new Deno.Command("unshare", {
      args: ["--mount", "bash", "-c", script],
      cwd: project,
      env: { SMOKE_PORT: `${port}`, SMOKE_TELEMETRY_PORT: `${telemetry}` },
    }).outputSync();
    const text = new TextDecoder();
    strictEqual(code, 0, text.decode(stdout) + text.decode(stderr));
  },
});

/** The agent's command line with the flags of the binary; extra folders may be read. */
function command(args: readonly string[], extra: readonly string[] = []): string[] {
  const flags = runFlags(agent).map((flag) =>
    flag.startsWith("--allow-read=") ? [flag, ...extra].join(",") : flag
  );
  return ["run", "--cached-only", ...flags, agent.entry, ...args];
}

function run(
  args: readonly string[],
  extra: readonly string[] = [],
): { code: number; stdout: string; stderr: string } {
  const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: command(args, extra),
    cwd: project,
  }).outputSync();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

function version(): string {
  return JSON.parse(readFileSync(join(project, "deno.json"), "utf8")).version;
}

function temporary(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "compile-"));
  return {
    path,
    [Symbol.dispose]() {
      if (existsSync(path)) rmSync(path, { recursive: true });
    },
  };
}
