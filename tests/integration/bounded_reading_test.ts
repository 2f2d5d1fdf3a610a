/** The agent's memory is bounded, whatever a container writes. For the largest sizes, see tests/soak/reading.ts. */
import assert from "node:assert/strict";
import { startProcess } from "../harness/process.ts";
import { attacks } from "./bounded_reading/file_attacks.ts";
import { type Lag, runAttack } from "./bounded_reading/run_attack.ts";
import { processMemory } from "../harness/process_memory.ts";

const sizes = { nuls: 256, line: 20, parts: 10, inflated: 48 };
/** The default memory limit, MiB. */
const LIMIT = 384;

Deno.test("no log makes the agent exceed its memory, or keep another caller waiting", async (test) => {
  await using agent = await startProcess({ config: { history: true } });
  const late: Lag[] = [];
  for (const attack of attacks) {
    await test.step(attack.name, async () => {
      const cost = await runAttack(agent, attack, sizes);
      assert.ok(cost.peak <= LIMIT, `${cost.peak} MiB at most ${LIMIT}`);
      late.push(cost.lag);
    });
  }
  assert.ok(processMemory(agent.pid, "VmRSS") <= LIMIT);
  // The limit depends on the machine; tests/unit counts how much is done between two turns of the event loop.
  const sum = (key: keyof Lag) => late.reduce((total, lag) => total + lag[key], 0);
  console.log(
    `The event loop was late by more than 20 ms ${sum("over20")} times and by more than 100 ms ` +
      `${sum("over100")} times of ${sum("samples")}`,
  );
});
