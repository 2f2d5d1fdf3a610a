import assert from "node:assert/strict";
import { env, hostName, isStandalone, residentBytes } from "../../../src/platform/process.ts";

const module = new URL("../../../src/platform/process.ts", import.meta.url);

/** Runs a script that imports the module as `p`. */
async function run(script: string, options: { flags?: string[]; input?: string } = {}) {
  const file = Deno.makeTempFileSync({ suffix: ".ts" });
  try {
    Deno.writeTextFileSync(file, `import * as p from "${module}";\n${script}`);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--no-prompt", ...(options.flags ?? ["-A"]), file],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.input ?? ""));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } finally {
    Deno.removeSync(file);
  }
}

Deno.test("a variable that may not be read is one that is not set", async () => {
  assert.equal(env("SURELY_NOT_SET"), undefined);
  const { stdout } = await run('console.log(p.env("HOME"))', { flags: [] });
  assert.equal(stdout, "undefined\n");
});

Deno.test("all of a large output is written before the process ends", async () => {
  const { code, stdout, stderr } = await run(
    'p.writeOut("x".repeat(3_000_000)); p.writeError("done"); p.exit(7);',
  );
  assert.deepEqual([code, stdout.length, stderr], [7, 3_000_000, "done"]);
});

Deno.test("standard input is read to its end; a pipe is not a terminal", async () => {
  const { stdout } = await run(
    `const into = new Uint8Array(3);
     let text = "";
     for (let n; (n = await p.readInput(into)) !== null;) text += new TextDecoder().decode(into.subarray(0, n));
     console.log(text, p.outputIsTerminal(), p.outputColumns());`,
    { input: "0123456789" },
  );
  assert.equal(stdout, "0123456789 false null\n");
});

Deno.test("a signal calls its handler until that is removed; then it ends the process", async () => {
  const { stdout, code } = await run(`
    setInterval(() => {}, 1000);
    const remove = p.onSignal("SIGHUP", () => {
      console.log("handled");
      remove();
      Deno.kill(Deno.pid, "SIGHUP");
    });
    Deno.kill(Deno.pid, "SIGHUP");`);
  assert.deepEqual([stdout, code], ["handled\n", 129]);
});

Deno.test("the host's name, whether the program is compiled, and resident memory are available", () => {
  assert.equal(hostName(), Deno.hostname());
  assert.equal(isStandalone(), false);
  assert.ok(residentBytes() > 2 ** 20);
});
