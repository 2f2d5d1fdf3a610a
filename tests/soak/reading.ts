/**
 * Reads logs made to hurt in the largest sizes, each with an agent of its own, and prints a table: seconds, peak memory
 * and memory a minute after in MiB, what the innocent caller's small read and /livez took at most in milliseconds, and
 * how often the event loop was late by more than 20 and 100 ms. Needs some gigabytes in the temporary folder.
 *
 *     deno run -A --unstable-worker-options tests/soak/reading.ts [--small] [NAME...]
 *
 * --small takes sizes of some seconds in all. NAME: only the reads in whose names it occurs.
 */
import { answerHelp } from "../../hack/usage.ts";
import { startProcess } from "../harness/process.ts";
import { attacks, type Sizes } from "../integration/bounded_reading/file_attacks.ts";
import { type Cost, runAttack } from "../integration/bounded_reading/run_attack.ts";
import { processMemory } from "../harness/process_memory.ts";

answerHelp(import.meta.url);

const isSmall = Deno.args.includes("--small");
const sizes: Sizes = isSmall
  ? { nuls: 256, line: 64, parts: 10, inflated: 128 }
  : { nuls: 2048, line: 200, parts: 256, inflated: 2048 };
const names = Deno.args.filter((arg) => !arg.startsWith("--"));
/** So long after an attack its memory must be back. */
const afterMs = isSmall ? 0 : 60_000;

console.log(
  "| read | seconds | idle | peak | a minute after | slowest read | slowest livez | loop late 20 ms | 100 ms | samples |",
);
console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");

function print(name: string, idle: number, cost: Cost, after: number): void {
  const { seconds, peak, other, livez, lag } = cost;
  const numbers = [idle, peak, after, other, livez, lag.over20, lag.over100, lag.samples];
  const cells = [seconds.toFixed(1), ...numbers.map((one) => one.toFixed(0))];
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}

// While the next log is read, the agent of the one before has its minute.
const after: Promise<void>[] = [];
for (const attack of attacks) {
  if (names.length > 0 && !names.some((name) => attack.name.includes(name))) continue;
  const agent = await startProcess({ config: { history: true } });
  const idle = processMemory(agent.pid, "VmRSS");
  try {
    const cost = await runAttack(agent, attack, sizes);
    after.push((async () => {
      await using _ = agent;
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      print(attack.name, idle, cost, processMemory(agent.pid, "VmRSS"));
    })());
  } catch (error) {
    console.log(`| ${attack.name} | FAILED: ${(error as Error).message.slice(0, 300)} |`);
    await agent[Symbol.asyncDispose]();
  }
}
await Promise.all(after);
