import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Bundle, bundle } from "../../hack/bundle.ts";
import { leftOut } from "../../hack/bundle/left_out.ts";
import { agent, type Program, tools } from "../../hack/permissions.ts";

const project = resolve(import.meta.dirname!, "../..");

Deno.test("equal sources give equal bundles", async () => {
  using first = await bundled(agent);
  using second = await bundled(agent);
  deepStrictEqual(contents(first.folder), contents(second.folder));
});

Deno.test("packages that are left out are in no bundle, nor what only they need", async () => {
  for (const program of [agent, tools]) {
    using made = await bundled(program);
    const names = made.packages.map(({ name }) => name);
    const unwanted = [
      ...leftOut.map(({ module }) => module),
      "protobufjs",
      "yargs",
      "wabt",
      "ts-proto",
    ];
    deepStrictEqual(names.filter((name) => unwanted.includes(name)), [], program.name);
    ok(names.includes("@grpc/grpc-js"), names.join());
  }
});

Deno.test("a left-out package throws, naming itself, when it is called after all", async () => {
  using made = await bundled({ ...tools, entry: "tests/integration/bundle/channelz.ts" });
  const { code, text } = run(made, "channelz.js");
  strictEqual(code, 0, text);
  ok(text.includes("@grpc/proto-loader is not part of this bundle"), text);
});

Deno.test("an agent's bundle has no gRPC client: one that is made after all throws, naming itself", async () => {
  using made = await bundled({ ...agent, entry: "tests/integration/bundle/client.ts" });
  const { code, text } = run(made, "client.js");
  strictEqual(code, 0, text);
  ok(/grpc\.health\.v1\.Health: gRPC clients are not part of this bundle/.test(text), text);
});

Deno.test("an agent's bundle ends where a name of the gRPC library is missing", async () => {
  await rejects(
    bundled({ ...agent, entry: "tests/integration/bundle/channelz.ts" }),
    /addAdminServicesToServer/,
  );
});

Deno.test("an agent's bundle has no module of the gRPC library that only clients need", async () => {
  using made = await bundled(agent);
  const text = Object.values(contents(made.folder)).join("");
  for (
    const gone of ["PickFirstLoadBalancer", "RetryingCall", "OutlierDetection", "createRequire"]
  ) {
    ok(!text.includes(gone), gone);
  }
});

Deno.test("stack traces of a bundle name the sources, line and function", async () => {
  using made = await bundled({ ...agent, entry: "tests/integration/bundle/fails.ts" });
  const { code, text } = run(made, "fails.js");
  strictEqual(code, 1);
  ok(/failDeliberately.*\btests\/integration\/bundle\/fails\.ts:3:/.test(text), text);
});

Deno.test("licenses and bill of materials list every bundled package, with the checksum of deno.lock", async () => {
  using made = await bundled(tools);
  const { npm } = JSON.parse(readFileSync(join(project, "deno.lock"), "utf8")) as {
    npm: Record<string, { integrity: string }>;
  };
  const bill = JSON.parse(made.sbom) as {
    bomFormat: string;
    components: { name: string; version: string; hashes?: { alg: string; content: string }[] }[];
  };
  strictEqual(bill.bomFormat, "CycloneDX");
  for (const { name, version, license } of made.packages) {
    ok(made.licenses.includes(`\n${name} ${version} (${license})\n`), name);
    const component = bill.components.find((one) => one.name === name && one.version === version);
    const locked = Object.entries(npm).find(([id]) => id.startsWith(`${name}@${version}`))?.[1];
    strictEqual(
      component?.hashes?.[0]?.content,
      Buffer.from(locked!.integrity.replace("sha512-", ""), "base64").toString("hex"),
      name,
    );
  }
  strictEqual(bill.components.length, made.packages.length + 1, "the packages and the runtime");
});

async function bundled(program: Program): Promise<Bundle & Disposable> {
  const folder = mkdtempSync(join(tmpdir(), "bundle-test-"));
  using stack = new DisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true })); // even if it cannot be created
  const made = await bundle(program, folder);
  const kept = stack.move();
  return { ...made, [Symbol.dispose]: () => kept.dispose() };
}

function contents(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()
      .map((name) => [name, readFileSync(join(folder, name)).toString("latin1")]),
  );
}

function run(made: Bundle, module: string): { code: number; text: string } {
  const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", "--no-npm", "--no-remote", "--allow-env", "--allow-read", module],
    cwd: made.folder,
    env: { NO_COLOR: "1" },
  }).outputSync();
  const text = new TextDecoder();
  return { code, text: text.decode(stdout) + text.decode(stderr) };
}
