import assert from "node:assert/strict";
import { grep } from "../../../src/cli/grep.ts";
import { criLine } from "../../harness/log_tree.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

const WORDS = [
  "error",
  "Error",
  "foo",
  "bar",
  "foobar",
  "a.b",
  "x=1",
  "warn",
  "föö",
  "-",
  "--",
  "(x)",
];
const PATTERNS = [
  "error",
  "foo",
  "nothing",
  "a\\.b",
  "^x",
  "bar$",
  "foo|warn",
  "f..",
  "\\(x\\)",
  "=1",
];
const allOptions = [
  ...["-i", "-v", "-c", "-l", "-n", "-w", "-F", "-q"].map((option) => [option]),
  ...[["-m", "0"], ["-m", "1"], ["-m", "3"], ["-A", "1"], ["-B", "2"], ["-C", "1"], ["-C", "3"]],
];
const FILES = [["a"], ["b"], ["none"], ["a", "b"], ["a", "none", "b"]];

/** Output and exit code of the system's grep. */
async function reference(args: readonly string[]) {
  const { code, stdout } = await new Deno.Command("grep", {
    args: [...args],
    env: { LC_ALL: "C.UTF-8", GREP_COLORS: "" },
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout) };
}

Deno.test("grep prints and exits with what GNU grep does on the messages alone, whatever options are combined", async () => {
  if (!(await reference(["--version"])).stdout.includes("GNU grep")) {
    console.log("skipped: the grep of this machine is not GNU grep");
    return;
  }
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  const dir = Deno.makeTempDirSync({ prefix: "grep-reference-" });
  using stack = new DisposableStack();
  stack.defer(() => Deno.removeSync(dir, { recursive: true }));
  for (const name of ["a", "b", "none"]) {
    const messages = Array.from(
      { length: name === "none" ? 0 : 60 },
      () => Array.from({ length: random.between(1, 4) }, () => random.pick(WORDS)).join(" "),
    );
    const lines = messages.map((message, i) =>
      criLine(new Date(1_700_000_000_000 + i).toISOString(), message)
    );
    Deno.writeTextFileSync(
      `${dir}/${name}.txt`,
      messages.map((message) => `${message}\n`).join(""),
    );
    Deno.writeTextFileSync(`${dir}/${name}.log`, lines.join(""));
  }
  for (let i = 0; i < 60; i++) {
    const options = new Map(
      Array.from({ length: random.below(5) }, () => random.pick(allOptions)).map((
        option,
      ) => [option[0], option]),
    );
    const flags = [...options.values()].flat();
    const pattern = random.pick(PATTERNS);
    const files = random.pick(FILES);
    const expected = await reference([
      ...(options.has("-F") ? flags : ["-E", ...flags]),
      ...["-e", pattern, ...files.map((name) => `${dir}/${name}.txt`)],
    ]);
    const terminal = new CapturedTerminal();
    const paths = files.map((name) => `${dir}/${name}.log`);
    const code = await grep([...flags, "--output", "raw", "-e", pattern, ...paths], terminal);
    assert.deepEqual(
      { code, stdout: terminal.stdout },
      { code: expected.code, stdout: expected.stdout.replaceAll(".txt", ".log") },
      `SEED=${seed}: ${JSON.stringify([...flags, pattern, ...files])}`,
    );
  }
});
