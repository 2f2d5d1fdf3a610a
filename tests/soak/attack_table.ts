/**
 * Runs every attack of tests/integration/limits, one at a time, each on a separate agent. Prints a table: memory
 * before, at its peak and a minute later in MiB; how long the innocent caller and the kubelet's probe waited, and how
 * long the agent's main thread worked and waited for a processor, in milliseconds; and whether all this is within the
 * limits. Ends with exit code 1 if something is not. Waiting times are only meaningful on an otherwise idle machine.
 *
 *     deno task test:attacks [NAME...]     all attacks, or those named
 *     deno task test:attacks --together    one agent for all of them
 */
import { answerHelp } from "../../hack/usage.ts";
import { defaults } from "../../src/config/schema.ts";
import { type AttackName, attacks, withoutCertificate } from "../integration/limits/attacks.ts";
import { besiege, type Observed, type Siege } from "../integration/limits/siege.ts";

answerHelp(import.meta.url);

const named = Deno.args.filter((each) => !each.startsWith("--")) as AttackName[];
const names = named.length > 0 ? named : Object.keys(attacks) as AttackName[];
const together = Deno.args.includes("--together");

function start(name: AttackName): Promise<Siege> {
  return !withoutCertificate.includes(name) ? besiege() : besiege({
    token: "good",
    config: { authorization: { ...defaults.authorization, methods: ["token"] } },
    clientAuth: "none",
  });
}

/** The default memory limit, MiB. */
const MAX_RSS = 384;
/** Maximum memory a minute later, relative to before. */
const MAX_GROWTH = 1.2;
/** How long others may wait, milliseconds. */
const MAX_WAIT_MS = 1000;
let beyond = 0;

/** @param after null: it is measured later */
function print(name: string, seen: Observed, after: number | null): void {
  const { idle, peak, slowestRead, slowestLivez, reads, failures, worked, waited } = seen;
  const misses = Object.entries({
    "peak": peak > MAX_RSS,
    "a minute after": after !== null && after > idle * MAX_GROWTH,
    "read": slowestRead > MAX_WAIT_MS || reads === 0,
    "livez": slowestLivez > MAX_WAIT_MS,
    [failures.slice(0, 2).join("; ")]: failures.length > 0,
  }).flatMap(([what, isBeyond]) => isBeyond ? [what] : []);
  if (misses.length > 0) beyond++;
  const verdict = misses.length === 0 ? "pass" : `FAIL: ${misses.join(", ")}`;
  const numbers = [idle, peak, after ?? "", slowestRead, slowestLivez, reads, worked, waited];
  console.log(`| ${name} | ${numbers.join(" | ")} | ${verdict} |`);
}

console.log(
  "| attack | idle | peak | a minute after | slowest read | slowest livez | reads | worked | waited | within the bars |",
);
console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
console.log(
  `| bar | | ${MAX_RSS} | ${MAX_GROWTH} x idle | ${MAX_WAIT_MS} | ${MAX_WAIT_MS} | | | | |`,
);
if (together) {
  await using siege = await besiege();
  let idle: number | null = null;
  for (const name of names.filter((name) => !withoutCertificate.includes(name))) {
    const seen = await siege.attack(name);
    idle ??= seen.idle;
    print(name, seen, null);
  }
  const most = Math.floor((idle ?? 0) * MAX_GROWTH);
  const after = await siege.recovered(most);
  if (after > most) beyond++;
  console.log(
    `at the latest a minute later: ${after} MiB, bar ${most}: ${after > most ? "FAIL" : "pass"}`,
  );
} else {
  const recovering: Promise<void>[] = [];
  for (const name of names) {
    const siege = await start(name);
    const seen = await siege.attack(name);
    // While the next agent is attacked.
    recovering.push((async () => {
      await using _ = siege;
      print(name, seen, await siege.recovered(Math.floor(seen.idle * MAX_GROWTH)));
    })());
  }
  await Promise.all(recovering);
}
console.log(beyond === 0 ? "all within the bars" : `${beyond} beyond a bar`);
Deno.exit(beyond === 0 ? 0 : 1);
