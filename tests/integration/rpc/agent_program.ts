/** A program of client_goodbye_test.ts: an agent that lets all in; prints where it listens, stops when its input ends. */
import { startAgent } from "../../harness/agent.ts";

await using agent = await startAgent();
console.log(JSON.stringify({ address: agent.address, certificates: agent.certificatesDir }));
for await (const _ of Deno.stdin.readable);
