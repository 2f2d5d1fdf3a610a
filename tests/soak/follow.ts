import { runSequence } from "../integration/follow_model.ts";

/**
 * Random lives of a log against the model until the moment (of performance.now()) has come. Returns how many.
 * Prints steps and seed of one that fails, and throws.
 */
export async function soakFollow(until: number): Promise<number> {
  const first = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  for (let count = 0;; count++) {
    if (performance.now() >= until) return count;
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
}
