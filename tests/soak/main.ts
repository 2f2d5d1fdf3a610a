import { soakFollow } from "./follow.ts";

/** deno task test:soak [MINUTES]: random tests for as long as named, ten minutes by default. */
const minutes = Number(Deno.args[0] ?? 10);
if (!(minutes > 0)) {
  throw new Error(`Cannot run for ${Deno.args[0]} minutes: not a positive number`);
}

const count = await soakFollow(performance.now() + minutes * 60_000);
console.log(`follow: ${count} random lives of a log, every byte once and in order`);
