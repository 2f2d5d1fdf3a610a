import { runSequences } from "./follow_sequence.ts";

const SEQUENCES = 10_000;

Deno.test(`${SEQUENCES} random lives of a log: every byte comes once and in order`, () => {
  const given = Number(Deno.env.get("FOLLOW_SEED") || NaN);
  if (!Number.isNaN(given)) return runSequences(given, 1);
  // The same sequences in every run: other ones are tried by deno task test:soak:follow.
  runSequences(1, SEQUENCES);
});
