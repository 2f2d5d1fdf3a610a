import assert from "node:assert/strict";
import plugin from "../../../hack/lint/house_rules.ts";

function findings(source: string, path = "/project/src/files/name.ts"): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map(({ id }) => id);
}

Deno.test("a file's name is snake_case", () => {
  assert.deepEqual(findings("", "/project/src/files/logName.ts"), ["house/file-name"]);
  assert.deepEqual(findings("", "/project/src/files/log_name.d.ts"), []);
});

Deno.test("only the platform's folder calls the runtime", () => {
  for (const bad of ["Deno.exit(0);", "const { exit } = Deno;", "globalThis.Deno.exit(0);"]) {
    assert.deepEqual(findings(bad), ["house/platform-only"], bad);
  }
  assert.deepEqual(findings("Deno.exit(0);", "/project/src/platform/process.ts"), []);
  assert.deepEqual(findings("Deno.exit(0);", "/project/hack/gen.ts"), []);
});

Deno.test("constants written in the source are UPPER_SNAKE, computed ones lowerCamel", () => {
  for (const good of ["const MAX = 4;", "const AT_MOST = 2 * 1024;", "const seen = new Set();"]) {
    assert.deepEqual(findings(good), [], good);
  }
  for (const bad of ["const max = 4;", "export const most = /x/;", "const SEEN = new Set();"]) {
    assert.deepEqual(findings(bad), ["house/constant-style"], bad);
  }
  assert.deepEqual(findings("const A = 1; const B = A * 2; const c = B;"), [
    "house/constant-style",
  ]);
  assert.deepEqual(findings("function f() { const local = 1; return local; }"), []);
  assert.deepEqual(findings("const LIMITS = { min: 1, max: 2 }; const limits = [1, 2];"), []);
  for (
    const either of ["new Uint8Array(256).fill(1, 0x20)", "encoder.encode('log')", "Math.ceil(4.5)"]
  ) {
    assert.deepEqual(findings(`const MADE = ${either}; const made = ${either};`), [], either);
  }
  assert.deepEqual(findings("const MADE = list.map((one) => one);"), ["house/constant-style"]);
});

Deno.test("an error's message begins with a capital and has no full stop", () => {
  for (const good of ["`Cannot read ${x}: gone`", '"permission denied: `x`"', "message"]) {
    assert.deepEqual(findings(`throw new Failure("internal", ${good});`), [], good);
  }
  for (const bad of ['"cannot read it"', "`Cannot read ${x}.`", '"Cannot " + "read it."']) {
    assert.deepEqual(findings(`throw new Error(${bad});`), ["house/error-message"], bad);
    assert.deepEqual(
      findings(`throw new Failure("internal", ${bad});`),
      ["house/error-message"],
      bad,
    );
  }
  // Only the reason, for a message that quotes it.
  assert.deepEqual(findings('throw new Error("more than one document");'), []);
  assert.deepEqual(findings('throw new Failure("internal", "the call has ended");'), [
    "house/error-message",
  ]);
});
