/** A process of its own that attacks: deno run attacker.ts NAME, the prey as JSON on standard input. Says "sent" when done. */
import type { Prey } from "./attack_connections.ts";
import { type AttackName, attacks } from "./attacks.ts";

const name = Deno.args[0] as AttackName;
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
let text = "";
while (!text.includes("\n")) text += (await lines.read()).value ?? "\n";
await attacks[name](JSON.parse(text) as Prey);
console.log("sent");
await lines.read(); // Whoever started it lets go.
Deno.exit(0);
