/**
 * Reads logs made to hurt, in the largest sizes, and prints what each cost: deno run -A tests/soak/reading.ts [NAME...]
 * Needs some gigabytes in the temporary folder.
 */
import { startProcess } from "../harness/process.ts";
import { attacks, type Sizes } from "../integration/bounded_reading/attacks.ts";
import { memory, runAttack } from "../integration/bounded_reading/run_attack.ts";

const sizes: Sizes = Deno.env.has("SMALL")
  ? { nuls: 256, line: 64, parts: 10, inflated: 128 }
  : { nuls: 2048, line: 200, parts: 256, inflated: 2048 };
const mib = (value: number) => `${value.toFixed(0)} MiB`;

for (const attack of attacks) {
  if (Deno.args.length > 0 && !Deno.args.some((name) => attack.name.includes(name))) continue;
  await using agent = await startProcess({ config: { history: true } });
  const idle = memory(agent.pid, "VmRSS");
  try {
    const { seconds, peak, other, livez } = await runAttack(agent, attack, sizes);
    console.log(
      `${attack.name}: ${seconds.toFixed(1)} s, peak ${mib(peak)}, idle ${
        mib(idle)
      }, other caller ` +
        `${other.toFixed(0)} ms, livez ${livez.toFixed(0)} ms`,
    );
    if (Deno.env.has("AFTER")) {
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      console.log(`  a minute after: ${mib(memory(agent.pid, "VmRSS"))}`);
    }
  } catch (error) {
    console.log(`${attack.name}: FAILED ${(error as Error).message.slice(0, 300)}`);
  }
}
