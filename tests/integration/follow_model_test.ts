import { runSequence } from "./follow_model.ts";

const SEQUENCES = 2000;

Deno.test(`${SEQUENCES} random lives of a log: every byte comes once and in order`, async () => {
  const given = Number(Deno.env.get("FOLLOW_SEED") ?? NaN);
  const first = Number.isNaN(given) ? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0 : given;
  for (let i = 0; i < (Number.isNaN(given) ? SEQUENCES : 1); i++) {
    const seed = (first + i) >>> 0;
    const steps: string[] = [];
    try {
      await runSequence(seed, (step) => void steps.push(step));
    } catch (error) {
      console.error(`${steps.join("\n")}\nRun this sequence alone with FOLLOW_SEED=${seed}`);
      throw error;
    }
  }
});
