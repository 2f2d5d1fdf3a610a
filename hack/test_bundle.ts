/**
 * Tests the released bundle: the recorded protocol cases and every integration test that starts the agent as a process,
 * with `deno run` of the bundle and the binary's flags.
 *
 *     deno task test:bundle
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundle } from "./bundle.ts";
import { agent } from "./permissions.ts";
import { answerHelp } from "./usage.ts";

answerHelp(import.meta.url);

const project = resolve(import.meta.dirname!, "..");

/** Takes most of a minute to test what depends only on the code, not on how it is packed. */
const leftOut = ["tests/integration/malformed_input_test.ts"];

/** Integration tests that start the agent as a process. */
function processTests(): string[] {
  const files = readdirSync(join(project, "tests/integration"), {
    recursive: true,
    encoding: "utf8",
  })
    .filter((name) => name.endsWith("_test.ts"))
    .map((name) => `tests/integration/${name}`)
    .filter((path) => !leftOut.includes(path))
    .filter((path) => /\bstartProcess\(/.test(readFileSync(join(project, path), "utf8")));
  if (files.length === 0) throw new Error("no integration test starts the agent as a process");
  return files;
}

/** The flags of `deno task test`. */
function testFlags(): string[] {
  const { tasks } = JSON.parse(readFileSync(join(project, "deno.json"), "utf8")) as {
    tasks: { test: { command: string } };
  };
  const words = tasks.test.command.split(" ");
  return words.slice(1, words.findIndex((word) => word.startsWith("tests/")));
}

const folder = mkdtempSync(join(tmpdir(), "bundle-"));
let code = 1;
try {
  await bundle(agent, folder);
  const child = new Deno.Command(Deno.execPath(), {
    args: [...testFlags(), "--no-check", "tests/conformance", ...processTests()],
    cwd: project,
    env: { AGENT_BUNDLE: folder },
  }).spawn();
  code = (await child.status).code;
} finally {
  rmSync(folder, { recursive: true });
}
Deno.exit(code);
