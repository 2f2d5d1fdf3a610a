/** Runs the agent in a pod from source, restarted on change, with the binary's permissions. */
import { agent, runFlags } from "../permissions.ts";

const child = new Deno.Command("deno", {
  args: [
    "run",
    "--cached-only",
    "--watch=src",
    "--no-clear-screen",
    "--inspect=127.0.0.1:9229", // reached by a port-forward only
    ...runFlags(agent),
    agent.entry,
    "serve",
    ...Deno.args,
  ],
  env: agent.environment,
}).spawn();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // The agent would end gracefully, but the process that watches the sources would wait for the next change.
  Deno.addSignalListener(signal, () => child.kill("SIGKILL"));
}
await child.status;
Deno.exit(0);
