/**
 * Every attack of tests/integration/limits by hand, one at a time, each on an agent of its own. Prints a
 * table: memory before, at most and a minute after in MiB; what the innocent caller and the kubelet's
 * probe waited, and what the agent's main thread worked and waited for a processor, in milliseconds.
 *
 *     deno task test:attacks [NAME...]     all attacks, or those named
 *     deno task test:attacks --together    one agent endures them all
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

function print(name: string, seen: Observed, after: number): void {
  const { idle, peak, slowestRead, slowestLivez, reads, worked, waited } = seen;
  const numbers = [idle, peak, after, slowestRead, slowestLivez, reads, worked, waited];
  console.log(`| ${name} | ${numbers.join(" | ")} | ${seen.failures.slice(0, 2).join("; ")} |`);
}

console.log(
  "| attack | idle | peak | a minute after | slowest read | slowest livez | reads | worked | waited | failed |",
);
console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
if (together) {
  await using siege = await besiege();
  for (const name of names.filter((name) => !withoutCertificate.includes(name))) {
    print(name, await siege.attack(name), 0);
  }
  console.log(`a minute later: ${await siege.recovered(0)} MiB`);
} else {
  const recovering: Promise<void>[] = [];
  for (const name of names) {
    const siege = await start(name);
    const seen = await siege.attack(name);
    // While the next one is attacked.
    recovering.push((async () => {
      await using _ = siege;
      print(name, seen, await siege.recovered(Math.round(seen.idle * 1.2)));
    })());
  }
  await Promise.all(recovering);
}
