import assert from "node:assert/strict";
import { client } from "../../../src/cli/client.ts";
import { startAgent } from "../../harness/agent.ts";
import { reach } from "../../harness/client.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

Deno.test("a certificate is checked against an IP address too, and against --server-name", async () => {
  await using agent = await startAgent();
  const list = async (...args: string[]) => {
    const terminal = new CapturedTerminal();
    const options = [...reach(agent), "--addr", `127.0.0.1:${agent.port}`];
    return await client(["list", ...options, ...args], terminal) === 0 ? "ok" : terminal.stderr;
  };
  assert.equal(await list(), "ok");
  assert.equal(await list("--server-name", "localhost"), "ok");
  assert.match(await list("--server-name", "elsewhere.test"), /UNAVAILABLE/);
  const other = `${agent.certificatesDir}/client.crt`; // A certificate, but not of a CA.
  assert.match(await list("--ca", other), /UNAVAILABLE/);
});
