import assert from "node:assert/strict";
import { commandLines, invocation } from "../../../../src/cli/demo/command_line.ts";

/** A folder for temporary files that a demo must leave empty. */
function temporaryFolder(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: "d-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

Deno.test("the commands shown are those that work for whoever runs the demo", () => {
  const here = Deno.execPath().replace(/\/[^/]*$/, "");
  const at = (path: string) => invocation({ binary: null, path, deno: "2.9.6" });
  assert.equal(at(`/nowhere:${here}`), "deno task");
  assert.equal(at("/nowhere"), "npx -y deno@2.9.6 task");
  assert.equal(at(""), "npx -y deno@2.9.6 task");
  const binary = "/opt/tools/kubetail-agent-tools";
  assert.equal(invocation({ binary, path: here }), binary, "not on the person's PATH");
  using folder = temporaryFolder();
  const npx = `${folder.path}/_npx/0a1b/node_modules/.bin`;
  Deno.mkdirSync(npx, { recursive: true });
  Deno.symlinkSync(Deno.execPath(), `${npx}/deno`);
  assert.equal(at(npx), "npx -y deno@2.9.6 task", "npx's own folder is not in the person's PATH");
  Deno.symlinkSync(Deno.execPath(), `${folder.path}/kubetail-agent-tools`);
  assert.equal(invocation({ binary, path: folder.path }), "kubetail-agent-tools");
  Deno.symlinkSync("/nowhere/deno", `${folder.path}/deno`);
  assert.equal(at(folder.path), "npx -y deno@2.9.6 task", "a link that leads nowhere");
});

Deno.test("a command that is wider than the terminal is continued on the next line", () => {
  assert.equal(
    commandLines(["client", "forward", "a/b", "--grep", "x y"], 24),
    "$ client forward a/b \\\n    --grep 'x y'",
  );
});
