import assert from "node:assert/strict";
import { defaults } from "../../../src/config/schema.ts";
import { type AttackName, attacks, withoutCertificate } from "./attacks.ts";
import { besiege, type Siege } from "./siege.ts";

/** The default memory limit, MiB. */
const MAX_RSS = 384;
/** How many consecutive attacks share an agent: each one meets what the previous one left behind. */
const TOGETHER = 3;
/** Share of the connections of each attack, to bound the time of the run; for all of them: deno task test:attacks. */
const SHARE = 0.5;

/**
 * Groups of attacks, each on a separate agent, two agents at a time. The waiting time of an innocent caller is printed
 * but not judged here, because on a busy machine it depends on the machine (deno task test:attacks shows it): the
 * caller must be served while the attack lasts.
 */
async function endure(
  start: () => Promise<Siege>,
  names: readonly AttackName[],
  t: Deno.TestContext,
) {
  const groups: AttackName[][] = [];
  for (let at = 0; at < names.length; at += TOGETHER) groups.push(names.slice(at, at + TOGETHER));
  const takeTurns = async () => {
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      const together = group;
      await t.step({
        name: together.join("; "),
        sanitizeOps: false, // Concurrent steps see each other's operations.
        sanitizeResources: false,
        sanitizeExit: false,
        fn: async () => {
          await using siege = await start();
          for (const name of together) {
            const { idle, peak, slowestRead, slowestLivez, reads, failures } = await siege.attack(
              name,
              SHARE,
            );
            console.log(
              `${name}: ${idle} MiB before, at most ${peak} MiB; ${reads} reads, the slowest ${slowestRead} ms, livez ${slowestLivez} ms`,
            );
            assert.ok(peak <= MAX_RSS, `${name}: ${peak} MiB`);
            assert.deepEqual(failures.slice(0, 3), [], name);
            assert.ok(reads > 0, name);
          }
        },
      });
    }
  };
  await Promise.all([takeTurns(), takeTurns()]);
}

Deno.test("every attack: the agent lives, stays below 384 MiB, and an innocent caller is served", async (t) => {
  const names = (Object.keys(attacks) as AttackName[])
    .filter((name) => !withoutCertificate.includes(name));
  await endure(besiege, names, t);
});

Deno.test("every attack without a certificate, where tokens are the only method", async (t) => {
  const start = () =>
    besiege({
      token: "good",
      config: { authorization: { ...defaults.authorization, methods: ["token"] } },
      clientAuth: "none",
    });
  await endure(start, withoutCertificate, t);
});
