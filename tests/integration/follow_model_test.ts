import { runSequences } from "./follow_sequence.ts";

const SEQUENCES = 10_000;

Deno.test(`${SEQUENCES} random lives of a log: every byte comes once and in order`, () => {
  const given = Number(Deno.env.get("FOLLOW_SEED") || NaN);
  if (!Number.isNaN(given)) return runSequences(given, 1);
  runSequences(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0, SEQUENCES);
});
