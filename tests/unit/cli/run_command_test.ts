import assert from "node:assert/strict";
import { type CommandContext, runCommand } from "../../../src/cli/run_command.ts";
import { UsageError } from "../../../src/cli/terminal.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

const isExpected = (error: unknown) => error instanceof RangeError;

async function run(
  command: (signal: AbortSignal, context: CommandContext) => Promise<number>,
  terminal = new CapturedTerminal(),
) {
  const code = await runCommand(terminal, command, isExpected);
  return { code, err: terminal.stderr };
}

Deno.test("a command ends with its own exit code", async () => {
  assert.deepEqual(await run(() => Promise.resolve(7)), { code: 7, err: "" });
});

Deno.test("errors are said in words with a code for their kind; a fault shows where it is", async () => {
  const usage = await run(() => Promise.reject(new UsageError("Which?")));
  assert.deepEqual(usage, { code: 2, err: "Which?\n" });
  const expected = await run(() => Promise.reject(new RangeError("too far")));
  assert.deepEqual(expected, { code: 1, err: "too far\n" });
  const fault = await run(() => Promise.reject(new TypeError("x is undefined")));
  assert.equal(fault.code, 1);
  assert.match(fault.err, /^TypeError: x is undefined\n {4}at .*run_command_test\.ts/);
  assert.deepEqual(await run(() => Promise.reject("text")), { code: 1, err: "text\n" });
});

Deno.test("a reader that has gone is no failure", async () => {
  const gone = Object.assign(new Error("Broken pipe"), { name: "BrokenPipe" });
  assert.deepEqual(await run(() => Promise.reject(gone)), { code: 0, err: "" });
});

Deno.test("an interrupt fires the signal; what the command throws for it is not said", async () => {
  const terminal = new CapturedTerminal();
  const ended = run(
    (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(new TypeError("aborted")))
      ),
    terminal,
  );
  terminal.interrupt();
  assert.deepEqual(await ended, { code: 130, err: "" });
});

Deno.test("a second interrupt ends the process, after what must happen; one at once is a duplicate", async (t) => {
  const realNow = performance.now;
  let now = 0;
  performance.now = () => now;
  try {
    const terminal = new CapturedTerminal();
    const cleaned: string[] = [];
    const { promise, resolve } = Promise.withResolvers<number>();
    const ended = run((_signal, context) => {
      context.onForcedEnd(() => cleaned.push("folder"));
      context.onForcedEnd(() => cleaned.push("removed"))();
      return promise;
    }, terminal);
    await t.step("at once", () => {
      terminal.interrupt();
      now = 500;
      terminal.interrupt();
      assert.equal(terminal.exitedWith, null);
    });
    await t.step("later", () => {
      now = 1500;
      terminal.interrupt();
      assert.equal(terminal.exitedWith, 130);
      assert.deepEqual(cleaned, ["folder"]);
    });
    resolve(0);
    await ended;
    terminal.exitedWith = null;
    terminal.interrupt();
    assert.equal(terminal.exitedWith, null, "listens when it has ended");
  } finally {
    performance.now = realNow;
  }
});
