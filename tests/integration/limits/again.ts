import type { AttackName } from "./attacks.ts";
import { besiege } from "./siege.ts";
await using siege = await besiege({});
const smaps = async () =>
  console.log(
    new TextDecoder().decode(
      (await new Deno.Command("python3", { args: ["/tmp/smaps.py", String(siege.agent.pid)] })
        .output()).stdout,
    ).trim(),
    await siege.agent.descriptors(),
  );
for (let i = 0; i < Number(Deno.args[1]); i++) {
  const o = await siege.attack(Deno.args[0] as AttackName);
  console.log(JSON.stringify({ ...o, failures: o.failures.length }));
  await smaps();
}
Deno.exit();
