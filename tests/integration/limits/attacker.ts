/**
 * A separate process that attacks: deno run attacker.ts NAME, with the target as JSON on standard input. Prints "sent"
 * when done.
 */
import type { Prey } from "./attack_connections.ts";
import { type AttackName, attacks } from "./attacks.ts";

const name = Deno.args[0] as AttackName;
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
let text = "";
while (!text.includes("\n")) text += (await lines.read()).value ?? "\n";
await attacks[name](JSON.parse(text) as Prey);
console.log("sent");
await lines.read(); // Ends when the parent closes its input.
Deno.exit(0);
