import { type AttackName, attacks } from "./attacks.ts";
import { besiege } from "./siege.ts";
import { defaults } from "../../../src/config/schema.ts";
const names = (Deno.args.length > 0 ? Deno.args : Object.keys(attacks)) as AttackName[];
for (const name of names) {
  const noCert = /no certificate|tokens/.test(name);
  await using siege = await besiege(
    noCert
      ? {
        token: "good",
        config: {
          tls: undefined as never,
          authorization: { ...defaults.authorization, methods: ["token"] },
        },
      }
      : {},
  );
  const t = performance.now();
  const smaps = async () =>
    console.log(
      new TextDecoder().decode(
        (await new Deno.Command("python3", { args: ["/tmp/smaps.py", String(siege.agent.pid)] })
          .output()).stdout,
      ).trim(),
    );
  await smaps();
  try {
    const o = await siege.attack(name);
    console.log(
      name,
      JSON.stringify({
        ...o,
        failures: [o.failures.length, ...o.failures.slice(0, 2)],
        seconds: Math.round((performance.now() - t) / 1000),
      }),
    );
  } catch (e) {
    console.log(name, "FAILED", e);
  }
  await smaps();
  const heap = async (state: string) =>
    Math.round(await siege.agent.metric(`kubetail_agent_heap_bytes{state="${state}"}`) / 2 ** 20);
  console.log(
    "heap",
    await heap("used"),
    await heap("total"),
    (await Deno.readTextFile(`/proc/${siege.agent.pid}/status`)).match(/RssAnon:.*/)?.[0],
  );
  console.log(
    siege.agent.lines.filter((l) => l.msg === "a limit was reached").map((l) =>
      `${l.limit}×${l.times}`
    ).join(" "),
  );
}
Deno.exit();
