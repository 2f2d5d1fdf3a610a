/**
 * Tests mirror src: src/a/b.ts has tests/unit/a/b_test.ts, or tests/integration/a/b_test.ts if it needs a running
 * agent.
 */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";

const project = new URL("../../", import.meta.url).pathname;

/** Files without a test of the same name, and why. */
const WITHOUT_TEST: Readonly<Record<string, string>> = {
  "auth/review.ts": "types",
  "cli/agent_commands.ts": "a table; tests/unit/cli/command_test.ts goes over its commands",
  "cli/client/commands.ts": "a table; tests/unit/cli/command_test.ts goes over its commands",
  "cli/demo/demo_command.ts": "a table; tests/unit/cli/command_test.ts goes over it",
  "cli/demo/tour.ts": "a table; tests/integration/cli/demo_test.ts runs it",
  "cli/grep/grep_command.ts": "a table; tests/unit/cli/command_test.ts goes over it",
  "cli/tool_commands.ts": "a table; tests/unit/cli/command_test.ts goes over it",
  "config/version.ts": "one constant, read from deno.json",
  "files/inflation.ts": "tests/unit/files/inflated_bytes_test.ts reads all that it inflates",
  "main.ts": "an entry; tests/integration/cli/program_test.ts runs it",
  "pool/messages.ts": "types",
  "pool/pool_times.ts": "a table",
  "tools_main.ts": "an entry; tests/integration/cli/program_test.ts runs it",
};

/** Tests that do not belong to a single file of src, and what they test. */
const OF_NO_FILE: Readonly<Record<string, string>> = {
  "auth/security_docs_test.ts": "docs/security.md",
  "comments_test.ts": "the documentation comments of src",
  "config/generated_docs_test.ts": "what hack/gen_docs.ts writes",
  "docs_test.ts": "the documents",
  "layers_test.ts": "the imports of src",
  "mirror_test.ts": "the tests",
  "scan/scan_property_test.ts": "src/scan as a whole, against a reference",
};
/** Folders of tests of code outside src. */
const BESIDE_SRC = /^(?:bench|deploy|hack)\//;

/** A longer file does more than one job. */
const MAX_LINES = 300;

const sources = globSync("**/*.ts", { cwd: `${project}src` })
  .filter((path) => !path.startsWith("generated/") && !path.endsWith(".d.ts")).sort();
const testOf = (path: string) => path.replace(/\.ts$/, "_test.ts");

function hasTest(path: string): boolean {
  return ["unit", "integration"].some((kind) =>
    existsSync(`${project}tests/${kind}/${testOf(path)}`)
  );
}

Deno.test("every file of src has a test of its name, or is listed here with the reason", () => {
  assert.ok(sources.length > 200, `only ${sources.length} files: the sources were not found`);
  assert.deepEqual(
    sources.filter((path) => !hasTest(path)),
    Object.keys(WITHOUT_TEST).sort(),
    "write the missing test, or remove from the list what has one",
  );
});

Deno.test("what is listed as types has no code", () => {
  for (const [path, why] of Object.entries(WITHOUT_TEST)) {
    if (why !== "types") continue;
    const text = readFileSync(`${project}src/${path}`, "utf8").replace(/\/\*[^]*?\*\//g, "");
    assert.doesNotMatch(text, /^(?:export )?(?:async )?(?:function|class|const|let) /m, path);
  }
});

Deno.test("tests that are named as reasons are there", () => {
  for (const why of Object.values(WITHOUT_TEST)) {
    for (const [path] of why.matchAll(/tests\/\S+\.ts/g)) {
      assert.ok(existsSync(project + path), path);
    }
  }
});

Deno.test("every unit test is of a file of src that is there", () => {
  const astray = globSync("**/*_test.ts", { cwd: `${project}tests/unit` }).filter((path) =>
    !BESIDE_SRC.test(path) && !(path in OF_NO_FILE) &&
    !existsSync(`${project}src/${path.replace(/_test\.ts$/, ".ts")}`)
  );
  assert.deepEqual(astray.sort(), []);
});

Deno.test("no file of src is longer than 300 lines", () => {
  const long = sources.filter((path) => {
    const lines = readFileSync(`${project}src/${path}`, "utf8").split("\n").length - 1;
    return lines > MAX_LINES;
  });
  assert.deepEqual(long, []);
});

/** Files that may share a name, because they are the same thing. */
const SAME_THING = ["main.ts", "kept_run.ts"];

Deno.test("files of one tree have names of their own, so that a name says which file is meant", () => {
  for (const tree of ["src", "hack", "bench"]) {
    const names = globSync("**/*.ts", { cwd: project + tree })
      .filter((path) => !path.startsWith("generated/"))
      .map((path) => path.split("/").at(-1)!);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    assert.deepEqual(twice.filter((name) => !SAME_THING.includes(name)), [], tree);
  }
});
