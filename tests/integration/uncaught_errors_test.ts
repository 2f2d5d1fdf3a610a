import assert from "node:assert/strict";

const program = new URL("agent/uncaught_errors.ts", import.meta.url).pathname;

Deno.test("an unhandled error is reported with its kind and place, and the process keeps running", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-net=127.0.0.1", "--allow-env", program],
    signal: AbortSignal.timeout(600_000),
  }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.equal(lines.pop(), "goes on");
  const events = lines.map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ type, kind, error }) => `${type} ${kind}: ${error}`).sort(),
    [
      "uncaught-error exception: Error: in a timer",
      "uncaught-error exception: RangeError: in a library's callback",
      "uncaught-error rejection: TypeError: a rejection",
      "uncaught-error rejection: no error at all",
    ],
  );
  assert.match(events.find(({ error }) => error.includes("timer")).at, /uncaught_errors\.ts/);
});
