import assert from "node:assert/strict";
import { serve } from "../../../src/agent/serve.ts";
import { type Config, defaults } from "../../../src/config/schema.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { LogTree } from "../../harness/log_tree.ts";

function configured(tree: LogTree, addr: string): Config {
  return {
    ...defaults,
    addr,
    containerLogsDir: tree.containerLogsDir,
    logRoots: tree.logRoots,
    logging: { ...defaults.logging, enabled: false },
    tls: { ...defaults.tls, enabled: false },
    authorization: { ...defaults.authorization, methods: ["allow-all"] },
    telemetry: { ...defaults.telemetry, addr: "127.0.0.1:0" },
  };
}

Deno.test("an agent serves from when serve resolves until it is stopped, and ends with 0", async () => {
  using tree = new LogTree();
  const texts: string[] = [];
  const report = (event: AgentEvent) => {
    if (event.type === "notice") texts.push(event.text);
  };
  const agent = await serve(configured(tree, "127.0.0.1:0"), { report });
  assert.ok(agent.port > 0);
  const ready = await fetch(`http://127.0.0.1:${agent.telemetryPort}/readyz`);
  assert.equal(await ready.text(), "ok\n");
  agent.stop();
  assert.equal(await agent.ended, 0);
  const expected = ["serving", "stopping", "stopped"];
  assert.deepEqual(texts.filter((text) => expected.includes(text)), expected);
  await assert.rejects(fetch(`http://127.0.0.1:${agent.telemetryPort}/livez`));
});

Deno.test("an agent that cannot serve rejects with the reason, and leaves nothing behind", async () => {
  using tree = new LogTree();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const addr = `127.0.0.1:${taken.addr.port}`;
  // Anything that was started before would keep the test from ending.
  await assert.rejects(serve(configured(tree, addr)), new RegExp(`Cannot listen on ${addr}: `));
});

Deno.test("an agent whose certificates cannot be read names the file", async () => {
  using tree = new LogTree();
  const config = configured(tree, "127.0.0.1:0");
  const tls = { ...defaults.tls, certFile: `${tree.dir}/gone.crt` };
  await assert.rejects(serve({ ...config, tls }), /Cannot read tls\.cert-file .*gone\.crt/);
});
