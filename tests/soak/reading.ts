/**
 * Reads pathological logs in the largest sizes, each with a separate agent, and prints a table: seconds, peak memory
 * and memory a minute later in MiB, the maximum time of the innocent caller's small read and of /livez in milliseconds,
 * and how often the event loop was late by more than 20 and 100 ms; then the time per megabyte of a long line, compared
 * with a shorter line. Ends with exit code 1 if something is beyond its limit. Times are only meaningful on an
 * otherwise idle machine. Needs some gigabytes in the temporary folder.
 *
 *     deno run -A --unstable-worker-options tests/soak/reading.ts [--small] [NAME...]
 *
 * --small uses sizes that take some seconds in total. NAME: only the reads whose names contain it.
 */
import { answerHelp } from "../../hack/usage.ts";
import { startProcess } from "../harness/process.ts";
import { type Attack, attacks, type Sizes } from "../integration/bounded_reading/file_attacks.ts";
import { type Cost, runAttack } from "../integration/bounded_reading/run_attack.ts";
import { processMemory } from "../harness/process_memory.ts";

answerHelp(import.meta.url);

const isSmall = Deno.args.includes("--small");
const sizes: Sizes = isSmall
  ? { nuls: 256, line: 64, parts: 10, inflated: 128 }
  : { nuls: 2048, line: 200, parts: 256, inflated: 2048 };
const names = Deno.args.filter((arg) => !arg.startsWith("--"));
/** Memory must be back this long after an attack. */
const afterMs = isSmall ? 0 : 60_000;

/** MiB; relative to memory before; milliseconds; relative to the time per MiB of the shorter line. */
const bars = { peak: 384, growth: 1.2, wait: 1000, ratio: 1.5 };
let beyond = 0;

function verdict(misses: Readonly<Record<string, boolean>>): string {
  const missed = Object.entries(misses).flatMap(([what, isBeyond]) => isBeyond ? [what] : []);
  if (missed.length > 0) beyond++;
  return missed.length === 0 ? "pass" : `FAIL: ${missed.join(", ")}`;
}

console.log(
  "| read | seconds | idle | peak | a minute after | slowest read | slowest livez | loop late 20 ms | 100 ms | samples | within the bars |",
);
console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
console.log(
  `| bar | | | ${bars.peak} | ${bars.growth} x idle | ${bars.wait} | ${bars.wait} | | | | |`,
);

function print(name: string, idle: number, cost: Cost, after: number): void {
  const { seconds, peak, other, livez, lag } = cost;
  const numbers = [idle, peak, after, other, livez, lag.over20, lag.over100, lag.samples];
  const cells = [seconds.toFixed(1), ...numbers.map((one) => one.toFixed(0))];
  const within = verdict({
    "peak": peak > bars.peak,
    "a minute after": afterMs > 0 && after > idle * bars.growth,
    "read": other > bars.wait,
    "livez": livez > bars.wait,
  });
  console.log(`| ${name} | ${cells.join(" | ")} | ${within} |`);
}

/** Milliseconds per MiB of a long line and of a shorter one, in turns on one agent; medians. */
async function compareLines(attack: Attack, long: number, short: number): Promise<void> {
  await using agent = await startProcess();
  const perMiB = async (line: number) => {
    const { seconds } = await runAttack(agent, attack, { ...sizes, line });
    return seconds * 1000 / line;
  };
  await perMiB(short); // The first read loads modules.
  const times: { readonly long: number[]; readonly short: number[] } = { long: [], short: [] };
  for (let round = 0; round < 5; round++) {
    times.short.push(await perMiB(short));
    times.long.push(await perMiB(long));
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[2] ?? Number.NaN;
  const [ofLong, ofShort] = [median(times.long), median(times.short)];
  const ratio = ofLong / ofShort;
  const time = (size: number, each: number) => `${each.toFixed(1)} ms per MiB of ${size} MiB`;
  const figures = `${time(long, ofLong)}, ${time(short, ofShort)} | ${ratio.toFixed(2)}`;
  const within = verdict({ ratio: !(ratio <= bars.ratio) });
  console.log(`| ${attack.name} | ${figures} | ${bars.ratio} | ${within} |`);
}

// While the next log is read, the previous agent has its minute.
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
    beyond++;
    console.log(`| ${attack.name} | FAILED: ${(error as Error).message.slice(0, 300)} |`);
    await agent[Symbol.asyncDispose]();
  }
}
await Promise.all(after);

console.log("\n| line | time | ratio | bar | within it |\n| --- | --- | --- | --- | --- |");
for (const name of ["a long line, forward", "a long line, backward"]) {
  const attack = attacks.find((attack) => attack.name === name);
  if (attack === undefined) throw new Error(`no read ${name}`);
  if (names.length > 0 && !names.some((each) => name.includes(each))) continue;
  await compareLines(attack, isSmall ? 40 : 200, 10);
}
console.log(beyond === 0 ? "all within the bars" : `${beyond} beyond a bar`);
Deno.exit(beyond === 0 ? 0 : 1);
