import assert from "node:assert/strict";
import { defaults } from "../../../src/config/schema.ts";
import { type AttackName, attacks, withoutCertificate } from "./attacks.ts";
import { besiege, type Siege } from "./siege.ts";

/** The shipped memory limit, MiB. */
const MAX_RSS = 384;

/**
 * A fresh agent for each attack. What an innocent caller waits is printed and not judged here: on a busy
 * machine it tells of the machine.
 */
async function endure(
  start: () => Promise<Siege>,
  names: readonly AttackName[],
  t: Deno.TestContext,
) {
  for (const name of names) {
    await t.step(name, async () => {
      await using siege = await start();
      const { idle, peak, slowestRead, slowestLivez, reads, failures } = await siege.attack(name);
      console.log(
        `${name}: ${idle} MiB before, at most ${peak} MiB; ${reads} reads, the slowest ${slowestRead} ms, livez ${slowestLivez} ms`,
      );
      assert.ok(peak <= MAX_RSS, `${peak} MiB`);
      assert.deepEqual(failures.slice(0, 3), []);
    });
  }
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
