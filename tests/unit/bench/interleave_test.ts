import assert from "node:assert/strict";
import { interleave, type InterleaveOptions } from "../../../bench/peers/interleave.ts";
import type { KeptRun } from "../../../bench/peers/kept_run.ts";
import type { BenchLogs } from "../../../bench/peers/logs.ts";
import type { Measure } from "../../../bench/peers/measures.ts";
import { runningServer } from "../../../bench/peers/server.ts";

/** The order of events in turns that measure nothing, by the names of servers and measurements. */
async function turns(
  measures: readonly (Partial<Measure> & { readonly name: string })[],
  overrides: Partial<InterleaveOptions> = {},
) {
  // Accepts the clients' connections and answers nothing: no measurement here makes calls.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = runningServer(`127.0.0.1:${listener.addr.port}`);
  const steps: string[] = [];
  const kept: { measured: Omit<KeptRun, "machine">; turns: number }[] = [];
  let value = 0;
  const running = interleave({
    starts: ["own", "peer"].map((name) => () =>
      Promise.resolve({ ...server, name, isOwn: name === "own" })
    ),
    measures: measures.map((measure) => ({
      unit: "ms",
      run() {
        steps.push(measure.name);
        return Promise.resolve({ value: ++value });
      },
      ...measure,
    })),
    turns: 2,
    logs: {} as BenchLogs,
    withRipgrep: false,
    withIdle: false,
    signal: new AbortController().signal,
    keep: (measured, turns) => kept.push({ measured, turns }),
    ...overrides,
  });
  return { steps, kept, failed: await running.then(() => null, (error: unknown) => error) };
}

const valuesOf = (measured: Omit<KeptRun, "machine">, measure: string) =>
  measured.servers.map(({ figures }) => figures[measure]?.map(({ value }) => value));

Deno.test("each turn takes every measure of every server, who begins changes, and the first turn does not count", async () => {
  const { steps, kept, failed } = await turns([{ name: "a" }, { name: "b" }]);
  assert.equal(failed, null);
  assert.deepEqual(steps.join(" "), Array(3).fill("a a b b").join(" "));
  assert.deepEqual(kept.map(({ turns }) => turns), [1, 2]);
  // Turn 0, with the first server first, made 1 to 4. In turns 1 and 2, the second server is first.
  assert.deepEqual(valuesOf(kept[0]!.measured, "a"), [[6], [5]]);
  assert.deepEqual(valuesOf(kept[1]!.measured, "a"), [[6, 10], [5, 9]]);
});

Deno.test("slow patterns have turns of their own afterwards, and other servers are spared them", async () => {
  const slow = { name: "s", isSlowPattern: true, ownOnly: true };
  const { steps, kept } = await turns([slow, { name: "a" }]);
  assert.equal(steps.join(""), "aa".repeat(3) + "s".repeat(3));
  assert.deepEqual(kept.map(({ turns }) => turns), [1, 2, 2, 2]);
  assert.deepEqual(valuesOf(kept.at(-1)!.measured, "s"), [[8, 9], undefined]);
});

Deno.test("a measure that fails is not tried again, and says why", async () => {
  const failing = { name: "f", run: () => Promise.reject(new Error("status 13")) };
  const { kept, failed } = await turns([failing, { name: "a" }]);
  assert.equal(failed, null);
  const { servers } = kept.at(-1)!.measured;
  assert.deepEqual(servers.map(({ failures }) => failures), [
    { f: "status 13" },
    { f: "status 13" },
  ]);
  assert.deepEqual(servers.map(({ figures }) => Object.keys(figures)), [["a"], ["a"]]);
});

Deno.test("a run that is stopped keeps the turns that were complete", async () => {
  const stop = new AbortController();
  let times = 0;
  const stopping = {
    name: "a",
    run() {
      if (++times === 5) stop.abort(new Error("stopped by a signal"));
      return Promise.resolve({ value: times });
    },
  };
  const { kept, failed } = await turns([stopping], { signal: stop.signal });
  assert.match(String(failed), /stopped by a signal/);
  assert.deepEqual(kept.map(({ turns }) => turns), [1]);
  assert.deepEqual(valuesOf(kept[0]!.measured, "a"), [[4], [3]]);
});
