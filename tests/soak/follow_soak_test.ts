import { runSequence } from "../integration/follow_model.ts";

/** How long to try, minutes: deno task test:soak --minutes=60 */
const minutes = Number(
  Deno.args.find((arg) => arg.startsWith("--minutes="))?.slice("--minutes=".length) ?? 10,
);

Deno.test(`random lives of a log for ${minutes} minutes: every byte comes once and in order`, async () => {
  const first = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const end = performance.now() + minutes * 60_000;
  let count = 0;
  for (; performance.now() < end; count++) {
    const seed = (first + count) >>> 0;
    const steps: string[] = [];
    try {
      await runSequence(seed, (step) => void steps.push(step));
    } catch (error) {
      console.error(
        `${steps.join("\n")}\nRun this sequence alone: ` +
          `FOLLOW_SEED=${seed} deno task test tests/integration/follow_model_test.ts`,
      );
      throw error;
    }
  }
  console.log(`${count} sequences from seed ${first}`);
});
