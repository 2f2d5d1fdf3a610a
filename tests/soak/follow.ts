/**
 * Compares random event sequences of a log with the model, as many as given. Ends with the seed and the shortest
 * sequence that fails, if one does.
 *
 *     deno task test:soak:follow           100,000
 *     deno task test:soak:follow 5000      that many
 *     deno task test:soak:follow 5000 SEED the same ones again
 */
import { runSequences } from "../integration/follow_sequence.ts";

const help = `Usage: deno task test:soak:follow [COUNT [SEED]]

Random lives of a followed log against the model.

  COUNT   how many (100000)
  SEED    of the first, to run the same again
  --help  this text`;

if (import.meta.main && Deno.args.includes("--help")) console.log(help);
else if (import.meta.main) {
  const [count = "100000", seed] = Deno.args;
  const first = seed === undefined
    ? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
    : Number(seed);
  console.log(`${count} sequences from seed ${first}`);
  const began = performance.now();
  await runSequences(first, Number(count));
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`None wrong, in ${seconds} s`);
}
