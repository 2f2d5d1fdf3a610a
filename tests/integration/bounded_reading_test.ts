/** The agent's memory has a bound, whatever a container writes. The same with the largest sizes: tests/soak/reading.ts. */
import assert from "node:assert/strict";
import { startProcess } from "../harness/process.ts";
import { attacks } from "./bounded_reading/attacks.ts";
import { memory, runAttack } from "./bounded_reading/run_attack.ts";

const sizes = { nuls: 256, line: 20, parts: 10, inflated: 48 };
/** The shipped memory limit, MiB. */
const LIMIT = 384;

Deno.test("no log makes the agent exceed its memory, or keep another caller waiting", async (test) => {
  await using agent = await startProcess({ config: { history: true } });
  for (const attack of attacks) {
    await test.step(attack.name, async () => {
      const cost = await runAttack(agent, attack, sizes);
      assert.ok(cost.peak <= LIMIT, `${cost.peak} MiB at most ${LIMIT}`);
    });
  }
  assert.ok(memory(agent.pid, "VmRSS") <= LIMIT);
});
