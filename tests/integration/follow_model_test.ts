import { DiskHost } from "./follow_host.ts";
import { runSequences } from "./follow_sequence.ts";
import { runSeed } from "../harness/random.ts";

const SEQUENCES = 10_000;
const DISK_SEQUENCES = 60;

const given = Number(Deno.env.get("FOLLOW_SEED") || NaN);

Deno.test(`${SEQUENCES} random lives of a log: every byte comes once and in order`, async () => {
  if (!Number.isNaN(given)) return await runSequences(given, 1);
  // The same sequences in every run: deno task test:soak:follow tries other ones.
  await runSequences(1, SEQUENCES);
});

Deno.test(`${DISK_SEQUENCES} random lives of a log on real files, with the platform's own events`, async () => {
  const onDisk = (report: ConstructorParameters<typeof DiskHost>[0]) => new DiskHost(report);
  if (!Number.isNaN(given)) return await runSequences(given, 1, onDisk);
  const seed = runSeed();
  console.log(`seed: ${seed}`);
  await runSequences(seed, DISK_SEQUENCES, onDisk);
});
